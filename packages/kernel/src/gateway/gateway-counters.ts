import { readCounters, readPerCpu, type KernelCounters } from '../counters.ts'

const NAMES = [
  'packets',
  'spoofed',
  'unreadable',
  'fragmentsLost',
  'namesAsked',
  'midstream',
  'straightOut',
  'straightIn',
  /** Flows of which something has left, and those whose end was told. */
  'flowsLeft',
  'flowsEnded',
] as const

/** `enum gateway_counter` of bpf/ways.h beside the verdicts. */
export type GatewayCounters = Omit<KernelCounters, 'redirected'> & Readonly<Record<(typeof NAMES)[number], number>>

export function readGatewayCounters(verdicts: number, packets: number): GatewayCounters {
  const { redirected: _none, ...counters } = readCounters(verdicts)
  return { ...counters, ...readPerCpu(packets, NAMES) }
}
