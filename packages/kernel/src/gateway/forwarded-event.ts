import type { EndedFlow } from '../kernel-event.ts'
import { limitNumbered, type LimitName } from '../limits/rule-limit.ts'

/** A decision of the kernel about a flow that passes the gateway. */
export type ForwardedEvent = {
  /** Nanoseconds of CLOCK_BOOTTIME; of a flow that carries much, when it began. */
  readonly timeNs: bigint
  readonly generation: number
  /** As in the generation; 0 is nobody that was named. */
  readonly client: number
  readonly ruleIndex: number | null
  /** The limit of that rule which the flow ran into. */
  readonly limit: LimitName | null
  /** `spoofed`: the source is not of this network, or not of whoever sent it. `bulk`: one that is allowed carries much. */
  readonly kind: 'judged' | 'spoofed' | 'bulk'
  readonly verdict: 'allow' | 'deny' | 'undetermined'
  readonly mode: 'enforce' | 'monitor'
  readonly ipproto: number
  readonly src: Uint8Array
  readonly srcPort: number
  readonly dst: Uint8Array
  readonly port: number
  /** TCP: the numbers that its server and its client await. */
  readonly serverAwaits: number
  readonly clientAwaits: number
}

/** The end of a flow that something has left of. `flow` is as when it began. */
export type ForwardedEnd = Omit<EndedFlow, 'flow'> & { readonly flow: ForwardedEvent }

export const FORWARDED_BYTES = 80
export const FORWARDED_END_BYTES = 112
const NONE = 0xffffffff
const KINDS = ['judged', 'spoofed', 'bulk'] as const
const VERDICTS = ['allow', 'deny', 'undetermined'] as const

/** `struct forwarded` of bpf/ways.h. */
export function decodeForwarded(bytes: Uint8Array): ForwardedEvent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FORWARDED_BYTES)
  const rule = view.getUint32(16, true)
  return {
    timeNs: view.getBigUint64(0, true),
    generation: view.getUint32(8, true),
    client: view.getUint32(12, true),
    ruleIndex: rule === NONE ? null : rule,
    srcPort: view.getUint16(24, true),
    port: view.getUint16(26, true),
    src: bytes.slice(28, 44),
    dst: bytes.slice(44, 60),
    verdict: VERDICTS[view.getUint8(60)] ?? 'deny',
    mode: view.getUint8(61) ? 'monitor' : 'enforce',
    ipproto: view.getUint8(64),
    kind: KINDS[view.getUint8(65)] ?? 'judged',
    limit: limitNumbered(view.getUint8(66)),
    serverAwaits: view.getUint32(68, true),
    clientAwaits: view.getUint32(72, true),
  }
}

/** `struct forwarded_end` of bpf/carried.h. */
export function decodeForwardedEnd(bytes: Uint8Array): ForwardedEnd {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FORWARDED_END_BYTES)
  return {
    flow: decodeForwarded(bytes),
    endNs: view.getBigUint64(80, true),
    bytesOut: Number(view.getBigUint64(88, true)),
    bytesIn: Number(view.getBigUint64(96, true)),
    packetsOut: view.getUint32(104, true),
    packetsIn: view.getUint32(108, true),
  }
}
