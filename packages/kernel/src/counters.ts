import { word } from './bpf-map.ts'
import { libbpf } from './libbpf.ts'

export interface KernelCounters {
  readonly allowed: number
  readonly denied: number
  readonly monitored: number
  readonly eventsLost: number
  readonly walkErrors: number
  readonly bindingsOverflow: number
  readonly redirected: number
  /** Flows whose handshake was awaited. */
  readonly inspected: number
  /** Packets of such flows that nobody had looked at, and that were dropped. */
  readonly notInspected: number
  /** What servers said first and found no room. */
  readonly greetingsLost: number
  /** Ends of flows that could not be told: their records have neither bytes nor duration. */
  readonly endsLost: number
  /** Flows that ran into a limit of their rule. */
  readonly overBytesOut: number
  readonly overBytesIn: number
  readonly overConnections: number
  /** Pieces of what flows said first that found no room: such a flow may be recorded without protocol and name. */
  readonly firstOctetsLost: number
}

const NAMES = [
  'allowed',
  'denied',
  'monitored',
  'eventsLost',
  'walkErrors',
  'bindingsOverflow',
  'redirected',
  'inspected',
  'notInspected',
  'greetingsLost',
  'endsLost',
  'overBytesOut',
  'overBytesIn',
  'overConnections',
  'firstOctetsLost',
] as const satisfies readonly (keyof KernelCounters)[]

export function readCounters(fd: number): KernelCounters {
  return readPerCpu(fd, NAMES)
}

/** Sums over all processors, by their index in the map. */
export function readPerCpu<Name extends string>(fd: number, names: readonly Name[]): Readonly<Record<Name, number>> {
  const bpf = libbpf()
  const cpus = Number(bpf.cpus())
  const values = names.map((name, index) => {
    const perCpu = new BigUint64Array(cpus)
    bpf.lookup(fd, word(index), new Uint8Array(perCpu.buffer))
    return [name, Number(perCpu.reduce((sum, value) => sum + value, 0n))]
  })
  return Object.fromEntries(values) as Record<Name, number>
}
