import { internetChecksum } from './internet-checksum.ts'

type Connection = {
  /** 4 or 16 bytes, as `dst`. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
}

const TCP = 6
const TCP_BYTES = 20
const RST = 4
const HOPS = 64

/** A TCP reset with its IP header. Who takes it asks for the very number that it awaits (RFC 5961 §3). */
export function resetPacket(connection: Connection): Uint8Array {
  const { src, dst, srcPort, dstPort, seq } = connection
  const isIpv4 = src.length === 4
  const head = isIpv4 ? 20 : 40
  const bytes = new Uint8Array(head + TCP_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint16(head, srcPort)
  view.setUint16(head + 2, dstPort)
  view.setUint32(head + 4, seq)
  bytes[head + 12] = (TCP_BYTES / 4) << 4
  bytes[head + 13] = RST
  const pseudo = Uint8Array.of(...src, ...dst, 0, 0, 0, TCP_BYTES, 0, 0, 0, TCP)
  view.setUint16(head + 16, internetChecksum(pseudo, bytes.subarray(head)))
  if (isIpv4) {
    bytes[0] = 0x45
    view.setUint16(2, bytes.length)
    bytes.set([HOPS, TCP], 8)
    bytes.set(src, 12)
    bytes.set(dst, 16)
    view.setUint16(10, internetChecksum(bytes.subarray(0, head)))
  } else {
    bytes[0] = 0x60
    view.setUint16(4, TCP_BYTES)
    bytes.set([TCP, HOPS], 6)
    bytes.set(src, 8)
    bytes.set(dst, 24)
  }
  return bytes
}
