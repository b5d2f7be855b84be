import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Deadlines, type Due } from '../../src/sockets/deadlines.ts'

type Wanted = { readonly ms: number; readonly isCancelled: boolean }

const wanted: fc.Arbitrary<Wanted> = fc.record({ ms: fc.constantFrom(1, 2, 5), isCancelled: fc.boolean() })

suite('deadlines', () => {
  test('that are not cancelled come once, those of one span in the order in which they were set, and no other comes', async () => {
    const lists = fc.array(wanted, { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(lists, async (all) => {
        const deadlines = new Deadlines()
        const reached: number[] = []
        const set = all.map(({ ms }, index) => deadlines.after(ms, { onDue: () => reached.push(index) }))
        for (const [index, { isCancelled }] of all.entries()) if (isCancelled) set[index]!.cancel()
        // Each span has a deadline behind all others, so that waiting for it is waiting for them.
        await Promise.all([1, 2, 5].map((ms) => reachedAfter(deadlines, ms)))
        const due = all.flatMap(({ isCancelled }, index) => (isCancelled ? [] : [index]))
        assert.deepEqual(
          reached.toSorted((a, b) => a - b),
          due,
        )
        for (const span of [1, 2, 5]) {
          const ofSpan = reached.filter((index) => all[index]!.ms === span)
          assert.deepEqual(
            ofSpan,
            ofSpan.toSorted((a, b) => a - b),
          )
        }
      }),
      { numRuns: 40 },
    )
  })

  test('may be set and cancelled by one that is reached, and cancelled after they were', async () => {
    const deadlines = new Deadlines()
    const reached: string[] = []
    const note = (what: string): Due => ({ onDue: () => reached.push(what) })
    const onDue = (): void => {
      reached.push('first')
      second.cancel()
      deadlines.after(1, note('third'))
    }
    const first = deadlines.after(1, { onDue })
    const second = deadlines.after(1, note('second'))
    await reachedAfter(deadlines, 1)
    await reachedAfter(deadlines, 5)
    first.cancel()
    assert.deepEqual(reached, ['first', 'third'])
  })

  test('come no sooner than after their span, whatever was set for it before', async () => {
    const deadlines = new Deadlines()
    await reachedAfter(deadlines, 20)
    deadlines.after(20, { onDue: () => {} }).cancel()
    await reachedAfter(deadlines, 5)
    const startMs = performance.now()
    await reachedAfter(deadlines, 20)
    assert.ok(performance.now() - startMs >= 20)
  })
})

/** The timers of deadlines keep no process alive, so a test has to. */
function reachedAfter(deadlines: Deadlines, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => {}, 1000)
    const onDue = (): void => {
      clearInterval(alive)
      resolve()
    }
    deadlines.after(ms, { onDue })
  })
}
