import { u16, u24, u8 } from '../identify/octets.ts'

const QOS = 0x80
const ORDER = 0x80
const PROTECTED = 0x40

export type TypedPayload = { readonly type: number; readonly payload: Uint8Array }

/** What a frame of data of IEEE 802.11 carries in clear, behind LLC with SNAP; null for any other. */
export function wirelessPayload(frame: Uint8Array): TypedPayload | null {
  const [kind, flags] = [u8(frame, 0), u8(frame, 1)]
  // Data, with or without QoS, of version 0, that is more than a mere header.
  if ((kind & 0x0f) !== 8 || (kind & 0x40) !== 0 || (flags & PROTECTED) !== 0) return null
  const addresses = (flags & 3) === 3 ? 30 : 24
  const qos = (kind & QOS) === 0 ? 0 : (flags & ORDER) === 0 ? 2 : 6
  return snapPayload(frame.subarray(addresses + qos))
}

/** IEEE 802.2 with a type of Ethernet behind it (RFC 1042). */
export function snapPayload(llc: Uint8Array): TypedPayload | null {
  return u24(llc, 0) === 0xaaaa03 ? { type: u16(llc, 6), payload: llc.subarray(8) } : null
}
