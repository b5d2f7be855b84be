import type { HourCount } from './flows-by-hour.ts'
import type { FlowFilter } from '../filter/condition.ts'
import type { FactGroup, FactGroups } from './fact-groups.ts'
import { spanOf } from './span.ts'

/** What is held of an answer at a time: some ten megabytes of text, and as much of flows, where every flow is another. */
const SLICE_FLOWS = 50_000
const HOUR_MS = 3_600_000

type Asked = {
  readonly factGroups: (filter: FlowFilter, byMinute: boolean) => Promise<FactGroups>
  readonly flowsByHour: (sinceMs: number) => Promise<readonly HourCount[]>
}

/**
 * The groups of all flows that a filter leaves, a slice of their time after the other: of any number of flows, so many are in memory. Equal
 * facts are a group in each slice that has them.
 */
export class ReadableGroups implements AsyncIterable<readonly FactGroup[]> {
  readonly #store: Asked
  readonly #filter: FlowFilter
  readonly #byMinute: boolean
  readonly #sliceFlows: number
  /** Flows that were passed over so far: this version does not understand their facts. */
  unreadable = 0

  constructor(store: Asked, filter: FlowFilter, byMinute: boolean, sliceFlows: number = SLICE_FLOWS) {
    this.#store = store
    this.#filter = filter
    this.#byMinute = byMinute
    this.#sliceFlows = sliceFlows
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly FactGroup[]> {
    const { sinceMs, untilMs } = spanOf(this.#filter)
    const fromMs = Math.max(0, Math.floor(sinceMs / HOUR_MS) * HOUR_MS)
    const hours = (await this.#store.flowsByHour(fromMs)).filter(([hourMs]) => hourMs < untilMs)
    const slices = slicesOf(hours, this.#sliceFlows)
    let next = this.#ask(slices[0]!)
    for (let index = 1; index <= slices.length; index++) {
      const { groups, unreadable } = await next
      // While these are looked at.
      if (index < slices.length) next = this.#ask(slices[index]!)
      this.unreadable += unreadable
      yield groups
    }
  }

  #ask(slice: FlowFilter): Promise<FactGroups> {
    const asked = this.#store.factGroups([...this.#filter, ...slice], this.#byMinute)
    // One that nobody waits for any more is no defect.
    asked.catch(() => {})
    return asked
  }
}

/** Without gaps; open at both ends, as hours know of flows and not of ends of connections. */
function slicesOf(hours: readonly HourCount[], sliceFlows: number): readonly FlowFilter[] {
  const bounds: number[] = []
  let held = 0
  for (const [hourMs, flows] of hours) {
    if (held > 0 && held + flows > sliceFlows) {
      bounds.push(hourMs)
      held = 0
    }
    const parts = Math.ceil(flows / sliceFlows)
    for (let part = 1; part < parts; part++) bounds.push(hourMs + Math.floor((part * HOUR_MS) / parts))
    held += parts > 1 ? flows / parts : flows
  }
  const at = (kind: 'since' | 'until', timeMs: number | undefined): FlowFilter =>
    timeMs === undefined ? [] : [{ negated: false, anyOf: [{ kind, timeMs }] }]
  return Array.from({ length: bounds.length + 1 }, (_, index) => [
    ...at('since', bounds[index - 1]),
    ...at('until', bounds[index]),
  ])
}
