import { limitNumbered, type LimitName } from './limits/rule-limit.ts'

export type Hook = 'connect' | 'sendmsg' | 'create' | 'egress' | 'setsockopt'

/** A decision of the kernel about one socket and destination. */
export interface KernelEvent {
  /** Nanoseconds of CLOCK_BOOTTIME. */
  readonly timeNs: bigint
  readonly pid: number
  readonly tgid: number
  readonly uid: number
  readonly verdict: 'allow' | 'deny' | 'undetermined'
  readonly mode: 'enforce' | 'monitor'
  readonly how: 'reject' | 'drop' | 'sinkhole'
  readonly hook: Hook
  readonly family: number
  readonly ipproto: number
  readonly port: number
  readonly addr: Uint8Array
  /** Null when no rule but the default, or no rule at all, decided. */
  readonly ruleIndex: number | null
  /** The limit of that rule which the flow ran into. */
  readonly limit: LimitName | null
  readonly generation: number
  readonly cgroup: bigint
  readonly exeDev: bigint
  readonly exeIno: bigint
  readonly comm: string
  /** Null when no name took part. */
  readonly nameClass: number | null
  /** Of the socket, while the machine is up; 0 when the socket never came to be. */
  readonly cookie: bigint
  /** The process above; 0 when the kernel did not look. */
  readonly parentTgid: number
}

/** The end of a flow that was let through. `flow` is as when it began. */
export interface EndedFlow {
  readonly flow: KernelEvent
  /** Nanoseconds of CLOCK_BOOTTIME. */
  readonly endNs: bigint
  readonly bytesOut: number
  readonly bytesIn: number
  readonly packetsOut: number
  readonly packetsIn: number
}

export const EVENT_BYTES = 112
export const ENDED_BYTES = 144
const NONE = 0xffffffff
const VERDICTS = ['allow', 'deny', 'undetermined'] as const
const HOWS = ['reject', 'drop', 'sinkhole'] as const
const HOOKS = ['connect', 'sendmsg', 'create', 'egress', 'setsockopt'] as const

export function decodeEvent(bytes: Uint8Array): KernelEvent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, EVENT_BYTES)
  const optional = (offset: number): number | null => {
    const value = view.getUint32(offset, true)
    return value === NONE ? null : value
  }
  const comm = bytes.subarray(80, 96)
  const end = comm.indexOf(0)
  return {
    timeNs: view.getBigUint64(0, true),
    pid: view.getUint32(8, true),
    tgid: view.getUint32(12, true),
    uid: view.getUint32(16, true),
    verdict: VERDICTS[view.getUint8(20)] ?? 'deny',
    mode: view.getUint8(21) ? 'monitor' : 'enforce',
    hook: HOOKS[view.getUint8(22)] ?? 'egress',
    family: view.getUint8(23),
    ipproto: view.getUint8(24),
    how: HOWS[view.getUint8(25)] ?? 'reject',
    port: view.getUint16(26, true),
    addr: bytes.slice(28, 44),
    ruleIndex: optional(44),
    generation: view.getUint32(48, true),
    cgroup: view.getBigUint64(56, true),
    exeDev: view.getBigUint64(64, true),
    exeIno: view.getBigUint64(72, true),
    comm: new TextDecoder().decode(comm.subarray(0, end < 0 ? 16 : end)),
    nameClass: optional(96),
    limit: limitNumbered(view.getUint32(100, true)),
    parentTgid: view.getUint32(52, true),
    cookie: view.getBigUint64(104, true),
  }
}

export function decodeEnded(bytes: Uint8Array): EndedFlow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, ENDED_BYTES)
  return {
    flow: decodeEvent(bytes),
    endNs: view.getBigUint64(112, true),
    bytesOut: Number(view.getBigUint64(120, true)),
    bytesIn: Number(view.getBigUint64(128, true)),
    packetsOut: view.getUint32(136, true),
    packetsIn: view.getUint32(140, true),
  }
}
