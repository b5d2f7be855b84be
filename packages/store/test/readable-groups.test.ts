import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReadableGroups, type FactColumns, type FlowFilter } from '../src/index.ts'

const HOUR_MS = 3_600_000
const START = Date.parse('2026-10-01T00:00:00Z')
const NOTHING_ASKED = { facts: [], byReason: false, byMinute: false, listed: 0 }

/** Flows of these times, each a group, as a store answers. */
class PlainStore {
  readonly #times: readonly number[]
  asked = 0

  constructor(times: readonly number[]) {
    this.#times = times.toSorted((a, b) => a - b)
  }

  async flowsByHour(): Promise<readonly (readonly [number, number, number])[]> {
    const hours = Map.groupBy(this.#times, (time) => Math.floor(time / HOUR_MS) * HOUR_MS)
    return [...hours].map(([hourMs, flows]) => [hourMs, flows.length, 0])
  }

  async factGroups(filter: FlowFilter, _question: unknown, most: number): Promise<FactColumns | null> {
    assert.ok(++this.asked < 20_000, 'it goes on for ever')
    const all = this.#times.filter((time) =>
      filter.every(({ anyOf: [each] }) => {
        if (each?.kind === 'since') return time >= each.timeMs
        return each?.kind !== 'until' || time < each.timeMs
      }),
    )
    if (all.length > most) return null
    const same = <T>(value: T): readonly T[] => all.map(() => value)
    return {
      n: same(1),
      isKnown: same(''),
      dstKey: same(null),
      verdictKey: same(''),
      modeKey: same(''),
      first: all,
      last: all,
    }
  }
}

test('every flow is in one slice, wherever in time flows are and however few groups an answer may have', async () => {
  const near = fc.integer({ min: 0, max: 5000 })
  const times = fc.array(fc.oneof(near, fc.integer({ min: 0, max: 200 * HOUR_MS })), { maxLength: 60 })
  const bounds = fc.record({
    flows: fc.integer({ min: 1, max: 12 }),
    mostFlows: fc.integer({ min: 12, max: 40 }),
    mostGroups: fc.integer({ min: 1, max: 8 }),
  })
  await fc.assert(
    fc.asyncProperty(times, bounds, async (offsets, limits) => {
      const all = offsets.map((offset) => START + offset)
      const recorded = new ReadableGroups(new PlainStore(all), [], NOTHING_ASKED, limits)
      const seen: number[] = []
      for await (const groups of recorded) for (const { firstMs } of groups) seen.push(firstMs)
      assert.deepEqual(seen.toSorted(), all.toSorted())
      assert.equal(recorded.progress, 1)
    }),
    { numRuns: 300 },
  )
})
