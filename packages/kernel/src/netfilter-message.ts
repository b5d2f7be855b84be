import { aligned, viewOf } from './netlink-attributes.ts'

/** Octets before the attributes: those of netlink (linux/netlink.h) and of netfilter (linux/netfilter/nfnetlink.h). */
export const NETFILTER_HEADER_BYTES = 20

type Header = {
  /** Of the subsystem, in its higher octet. */
  readonly type: number
  readonly flags: number
  /** `AF_…`; 0 where it does not matter. */
  readonly family?: number
  /** What the subsystem makes of it: a queue, a subsystem. */
  readonly resource?: number
}

export type NetlinkMessage = { readonly type: number; readonly flags: number; readonly bytes: Uint8Array }

export function netfilterMessage(
  { type, flags, family = 0, resource = 0 }: Header,
  ...attributes: readonly Uint8Array[]
): Uint8Array {
  const body = Buffer.concat(attributes)
  const bytes = new Uint8Array(NETFILTER_HEADER_BYTES + body.length)
  const view = viewOf(bytes)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  bytes[16] = family
  view.setUint16(18, resource)
  bytes.set(body, NETFILTER_HEADER_BYTES)
  return bytes
}

/** Every message in one datagram of the kernel; stops at the first that does not fit. */
export function* messagesIn(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = viewOf(datagram)
  for (let at = 0; at + NETFILTER_HEADER_BYTES <= datagram.length;) {
    const length = view.getUint32(at, true)
    if (length < NETFILTER_HEADER_BYTES || at + length > datagram.length) return
    const [type, flags] = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)]
    yield { type, flags, bytes: datagram.subarray(at, at + length) }
    at += aligned(length)
  }
}
