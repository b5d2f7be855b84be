import type { FlowRecord, RecordedVerdict } from './flow-record.ts'

/** Flows to one destination that got one verdict. */
export type FlowGroup = {
  /** The name that was asked for, else the address. */
  readonly destination: string
  /** `tcp/443`; `name` when the name was refused before any connection, `socket` when the socket itself was. */
  readonly port: string
  readonly verdict: RecordedVerdict
  readonly count: number
  /** UDP to the same port was tried beside TCP; see `foldAddressSelection`. */
  readonly udpToo?: true
  readonly apps: readonly string[]
  readonly addresses: readonly string[]
  /** Of those that have ended. */
  readonly bytesOut: number
  readonly bytesIn: number
}

type Draft = {
  destination: string
  port: string
  verdict: RecordedVerdict
  count: number
  apps: Set<string>
  addresses: Set<string>
  bytesOut: number
  bytesIn: number
}

/** Groups as they accumulate, bounded: what exceeds `maxGroups` is only counted. */
export class FlowAggregate {
  readonly #drafts = new Map<string, Draft>()
  readonly #maxGroups: number
  #overflow = 0
  #total = 0

  constructor(maxGroups = 10_000) {
    this.#maxGroups = maxGroups
  }

  add(record: FlowRecord): void {
    const isNew = record.ended !== true
    if (isNew) this.#total++
    const destination =
      record.domain ?? record.boundNames?.[0] ?? record.dst ?? record.verdict.reason.replaceAll('-', ' ')
    const port = portText(record)
    const { verdict, rule, layer, mode } = record.verdict
    const key = JSON.stringify([destination, port, verdict, mode, layer, rule])
    const draft =
      this.#drafts.get(key) ?? (isNew ? this.#open(key, { destination, port, verdict: record.verdict }) : null)
    if (draft === null) return
    draft.bytesOut += record.bytesOut ?? 0
    draft.bytesIn += record.bytesIn ?? 0
    if (!isNew) return
    draft.count++
    if (record.app) draft.apps.add(record.app)
    if (record.dst) draft.addresses.add(record.dst)
  }

  #open(key: string, facts: { destination: string; port: string; verdict: RecordedVerdict }): Draft | null {
    if (this.#drafts.size >= this.#maxGroups) {
      this.#overflow++
      return null
    }
    const draft: Draft = { ...facts, count: 0, bytesOut: 0, bytesIn: 0, apps: new Set(), addresses: new Set() }
    this.#drafts.set(key, draft)
    return draft
  }

  /** Flows that found no place in a group. */
  get overflow(): number {
    return this.#overflow
  }

  get total(): number {
    return this.#total
  }

  /** Most frequent first. */
  groups(): readonly FlowGroup[] {
    return [...this.#drafts.values()]
      .map((draft) => ({ ...draft, apps: [...draft.apps], addresses: [...draft.addresses] }))
      .toSorted((a, b) => b.count - a.count || (a.destination < b.destination ? -1 : 1))
  }
}

function portText({ transport, port, dst, domain }: FlowRecord): string {
  if (dst === undefined || dst === null) return domain ? 'name' : 'socket'
  if (transport === 'tcp' || transport === 'udp' || transport === 'sctp') return `${transport}/${port ?? '?'}`
  return transport ?? '?'
}
