import { KernelError } from '../kernel-error.ts'
import { viewOf } from '../netlink-attributes.ts'
import { extension, holds, type Expression, type Family } from './nftables-messages.ts'

/** An IP header whose protocol is TCP, without options. */
const IS_TCP: Readonly<Record<Family, readonly Expression[]>> = {
  ip: holds('network', 9, Uint8Array.of(6)),
  ip6: holds('network', 6, Uint8Array.of(6)),
}
/** Four octets that the length in the IP header is among. The kernel compares four under a mask without a call. */
const LENGTH: Readonly<
  Record<Family, { readonly at: number; readonly among: (high: number, low: number) => Uint8Array }>
> = {
  ip: { at: 0, among: (high, low) => Uint8Array.of(0, 0, high, low) },
  ip6: { at: 4, among: (high, low) => Uint8Array.of(high, low, 0, 0) },
}
/** Of IPv4 the length is with the header. */
const COUNTED: Readonly<Record<Family, number>> = { ip: 20, ip6: 0 }
/** With the option of timestamps, which this host's connections have. */
const TCP_HEADER_BYTES = 32
const OFFSET_OF_TCP_HEADER = 12
/** The longest path that a rule can name. */
const PATH_BYTES = 512
const PROGRAM_AT = 8
const INFO_BYTES = PROGRAM_AT + PATH_BYTES + 8
const PINNED = 1
const BPF_RETURN = 6

/**
 * TCP of 32 KiB and more: no connection begins with so much, whose first ten segments are no longer than Ethernet's. Where one does, the
 * egress program stops it, and what comes again is shorter.
 */
export function longSegment(family: Family): readonly Expression[] {
  const { at, among } = LENGTH[family]
  const high = among(0x80, 0)
  return [...holds('network', at, high, high), ...IS_TCP[family]]
}

/** TCP with timestamps and nothing else: no octet that could wait. */
export function acknowledgement(family: Family): readonly Expression[] {
  const { at, among } = LENGTH[family]
  return [
    ...holds('network', at, among(0, COUNTED[family] + TCP_HEADER_BYTES), among(0xff, 0xff)),
    ...IS_TCP[family],
    ...holds('transport', OFFSET_OF_TCP_HEADER, Uint8Array.of((TCP_HEADER_BYTES / 4) << 4)),
  ]
}

/** That a pinned program agrees: `struct xt_bpf_info_v1`, into whose last eight octets the kernel writes where it is. */
export function programAgrees(path: string): Expression {
  const bytes = new Uint8Array(INFO_BYTES)
  const view = viewOf(bytes)
  view.setUint16(0, PINNED, true)
  view.setInt32(4, -1, true)
  const text = Buffer.from(path)
  if (text.length >= PATH_BYTES) throw new KernelError('rules-refused', `the path ${path} is too long`, 'shorten it')
  bytes.set(text, PROGRAM_AT)
  return extension('match', 'bpf', 1, bytes)
}

/** In place of a pinned one, a program of classic BPF with one instruction: it agrees. */
export function agrees(): Expression {
  const bytes = new Uint8Array(INFO_BYTES)
  const view = viewOf(bytes)
  view.setUint16(2, 1, true)
  view.setUint16(PROGRAM_AT, BPF_RETURN, true)
  view.setUint32(PROGRAM_AT + 4, 1, true)
  return extension('match', 'bpf', 1, bytes)
}

/** No bypass: with nobody at the queue, packets drop. `struct xt_NFQ_info`, as long as its alignment. */
export function toQueue(queue: number): Expression {
  const bytes = new Uint8Array(8)
  viewOf(bytes).setUint16(0, queue, true)
  return extension('target', 'NFQUEUE', 0, bytes)
}
