import type { Flow } from '@sallyport/policy'
import type { FlowFilter } from '../filter/condition.ts'
import type { FactColumns } from './fact-groups.ts'
import type { FactQuestion } from './fact-question.ts'
import { FactReader } from './fact-reader.ts'
import type { HourCount } from './flows-by-hour.ts'
import { SliceQueue, type Slice } from './slice-queue.ts'
import { spanOf } from './span.ts'

/** Flows that a question does not tell apart. */
export type FactGroup = {
  /** Facts that were asked for; where the address was not, 192.0.2.1 stands for it. With a time where groups are by the minute. */
  readonly flow: Flow
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /** Null where the record says nothing. `rule` and `reason` say nothing where they were not asked for. */
  readonly recorded: {
    readonly verdict: string
    readonly mode: string
    readonly rule: string | null
    readonly reason: string
  } | null
  /** Some of them, where they do not tell groups apart and are known. */
  readonly apps?: readonly string[]
  readonly users?: readonly string[]
}

export type SliceBounds = {
  /** Of the first slice; those after it grow while they have few groups. */
  readonly flows: number
  readonly mostFlows: number
  /** What is held of an answer at a time: some hundred megabytes, with its text. A slice with more is asked for in halves. */
  readonly mostGroups: number
}

const BOUNDS: SliceBounds = { flows: 250_000, mostFlows: 4_000_000, mostGroups: 250_000 }
/** It cannot be halved. */
const MOST_OF_A_MOMENT = 2 ** 31
const HOUR_MS = 3_600_000

type Asked = {
  readonly factGroups: (filter: FlowFilter, question: FactQuestion, most: number) => Promise<FactColumns | null>
  readonly flowsByHour: (sinceMs: number) => Promise<readonly HourCount[]>
}

/**
 * The groups of all flows that a filter leaves, a slice of their time after the other: of any number of flows, so many groups are in memory.
 * Equal facts are a group in each slice that has them, so slices are as long as they may be.
 */
export class ReadableGroups implements AsyncIterable<Iterable<FactGroup>> {
  readonly #store: Asked
  readonly #filter: FlowFilter
  readonly #question: FactQuestion
  readonly #bounds: SliceBounds
  readonly #reader: FactReader
  /** Flows that were passed over so far: this version does not understand their facts. */
  unreadable = 0
  /** How much of the flows' time was asked for so far, from 0 to 1. */
  progress = 0

  constructor(store: Asked, filter: FlowFilter, question: FactQuestion, bounds: SliceBounds = BOUNDS) {
    this.#store = store
    this.#filter = filter
    this.#question = question
    this.#bounds = bounds
    this.#reader = new FactReader(question)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Iterable<FactGroup>> {
    const { sinceMs, untilMs } = spanOf(this.#filter)
    const startMs = Math.max(0, Math.floor(sinceMs / HOUR_MS) * HOUR_MS)
    const hours = (await this.#store.flowsByHour(startMs)).filter(([hourMs]) => hourMs < untilMs)
    const all = hours.reduce((sum, [, flows]) => sum + flows, 0)
    const left = new SliceQueue(hours)
    let { flows } = this.#bounds
    let done = 0
    let slice: Slice | null = left.take(flows)
    let next = slice && this.#ask(slice)
    while (slice !== null) {
      const asked: Slice = slice
      const columns = await next
      if (columns === null) {
        left.putBack(asked)
        flows = Math.max(1, Math.floor(flows / 2))
      } else if (lengthOf(columns) < this.#bounds.mostGroups / 4) flows = Math.min(flows * 2, this.#bounds.mostFlows)
      slice = left.take(flows)
      // While these are looked at.
      if (slice !== null) next = this.#ask(slice)
      if (columns === null) continue
      done += asked.flows
      yield this.#groups(columns)
      this.progress = all === 0 ? 1 : Math.min(1, done / all)
    }
  }

  *#groups(columns: FactColumns): Generator<FactGroup> {
    for (let row = 0; row < lengthOf(columns); row++) {
      const group = this.#reader.group(columns, row)
      if (group === null) this.unreadable += Number(columns['n']![row])
      else yield group
    }
  }

  #ask({ fromMs, toMs, isMoment }: Slice): Promise<FactColumns | null> {
    const at = (kind: 'since' | 'until', timeMs: number | null): FlowFilter =>
      timeMs === null ? [] : [{ negated: false, anyOf: [{ kind, timeMs }] }]
    const filter = [...this.#filter, ...at('since', fromMs), ...at('until', toMs)]
    const most = isMoment ? MOST_OF_A_MOMENT : this.#bounds.mostGroups
    const asked = this.#store.factGroups(filter, this.#question, most)
    // One that nobody waits for any more is no defect.
    asked.catch(() => {})
    return asked
  }
}

function lengthOf(columns: FactColumns): number {
  return columns['n']?.length ?? 0
}
