import type { FlowRecord } from '@sallyport/flow'
import type { EndedFlow } from '@sallyport/kernel'

/** What a record of an end adds. */
export type Carried = Pick<FlowRecord, 'bytesOut' | 'bytesIn' | 'packetsOut' | 'packetsIn' | 'durationMs'>

type End = Omit<EndedFlow, 'flow'> & { readonly flow: { readonly timeNs: bigint } }

const MOST_FLOWS = 16_384

/** Flows that go on, as they were recorded: their end is told with the same facts. The oldest is forgotten first. */
export class BegunFlows {
  readonly #records = new Map<string, FlowRecord>()
  readonly #most: number

  constructor(most: number = MOST_FLOWS) {
    this.#most = most
  }

  begin(record: FlowRecord): void {
    if (record.id === undefined) return
    this.#records.set(record.id, record)
    if (this.#records.size > this.#most) this.#records.delete(this.#records.keys().next().value!)
  }

  /** Null when its beginning was forgotten, or told by an earlier process. */
  end(id: string, carried: Carried): FlowRecord | null {
    const record = this.#records.get(id)
    if (record === undefined) return null
    this.#records.delete(id)
    return endOf(record, carried)
  }
}

export function endOf(record: FlowRecord, carried: Carried): FlowRecord {
  return { ...record, ...carried, ended: true }
}

export function carriedBy({ flow, endNs, bytesOut, bytesIn, packetsOut, packetsIn }: End): Carried {
  const durationMs = Math.max(0, Number((endNs - flow.timeNs) / 1_000_000n))
  return { bytesOut, bytesIn, packetsOut, packetsIn, durationMs }
}
