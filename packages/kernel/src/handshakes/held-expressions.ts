import { KernelError } from '../kernel-error.ts'
import { viewOf } from '../netlink-attributes.ts'
import { are, areNot, areUnder, extension, octets, type Expression, type Family } from './nftables-messages.ts'

const PROTOCOL_AT: Readonly<Record<Family, number>> = { ip: 9, ip6: 6 }
const TCP = Uint8Array.of(6)
/** In the IP header; that of IPv4 counts itself. */
const LENGTH: Readonly<Record<Family, { readonly at: number; readonly counted: number }>> = {
  ip: { at: 2, counted: 20 },
  ip6: { at: 4, counted: 0 },
}
/** Of a length of 16 KiB and more, one of these bits is set. The kernel masks four octets without a call. */
const HIGH_BITS = Uint8Array.of(0xc0, 0, 0, 0)
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
 * Conditions, one of which every packet meets that may have to wait. Those that carry much meet none, and are done with when the first
 * comparison of each has failed: without a call, which costs more than all comparisons.
 *
 * Long is TCP of 16 KiB and more: no connection begins with so much, whose first ten segments are no longer than Ethernet's. Where one does,
 * the egress program stops it, and what comes again is shorter. TCP with timestamps and nothing else has no octet that could wait.
 */
export function mayWait(family: Family): readonly (readonly Expression[])[] {
  const { at, counted } = LENGTH[family]
  const length = octets('network', at, 2)
  const ofHeaderAlone = Uint8Array.of(0, counted + TCP_HEADER_BYTES)
  const protocol = octets('network', PROTOCOL_AT[family], 1)
  const offset = octets('transport', OFFSET_OF_TCP_HEADER, 1)
  const ofTimestamps = Uint8Array.of((TCP_HEADER_BYTES / 4) << 4)
  return [
    [protocol, areNot(TCP)],
    [length, ...areUnder(HIGH_BITS, new Uint8Array(4)), areNot(ofHeaderAlone), protocol, are(TCP)],
    [length, are(ofHeaderAlone), offset, areNot(ofTimestamps), protocol, are(TCP)],
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
