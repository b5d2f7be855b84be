import { internetChecksum } from './internet-checksum.ts'

const HOPS = 64

/** Without options, for `length` octets of the protocol. Addresses of 4 bytes make IPv4, of 16 IPv6. */
export function ipHeader(src: Uint8Array, dst: Uint8Array, protocol: number, length: number): Uint8Array {
  const bytes = new Uint8Array(src.length === 4 ? 20 : 40)
  const view = new DataView(bytes.buffer)
  if (src.length === 4) {
    bytes[0] = 0x45
    view.setUint16(2, bytes.length + length)
    bytes.set([HOPS, protocol], 8)
    bytes.set(src, 12)
    bytes.set(dst, 16)
    view.setUint16(10, internetChecksum(bytes))
  } else {
    bytes[0] = 0x60
    view.setUint16(4, length)
    bytes.set([protocol, HOPS], 6)
    bytes.set(src, 8)
    bytes.set(dst, 24)
  }
  return bytes
}
