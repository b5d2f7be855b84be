import { internetChecksum } from './internet-checksum.ts'
import { ipHeader } from './ip-header.ts'

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

/** A TCP reset with its IP header. Who takes it asks for the very number that it awaits (RFC 5961 §3). */
export function resetPacket(connection: Connection): Uint8Array {
  const { src, dst, srcPort, dstPort, seq } = connection
  const segment = new Uint8Array(TCP_BYTES)
  const view = new DataView(segment.buffer)
  view.setUint16(0, srcPort)
  view.setUint16(2, dstPort)
  view.setUint32(4, seq)
  segment[12] = (TCP_BYTES / 4) << 4
  segment[13] = RST
  const pseudo = Uint8Array.of(...src, ...dst, 0, 0, 0, TCP_BYTES, 0, 0, 0, TCP)
  view.setUint16(16, internetChecksum(pseudo, segment))
  return Uint8Array.of(...ipHeader(src, dst, TCP, TCP_BYTES), ...segment)
}
