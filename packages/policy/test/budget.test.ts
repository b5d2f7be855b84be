import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Budget } from '@sallyport/policy'

suite('what a rule lets through in all', () => {
  test('what does not fit as a whole is not let through, and nothing smaller behind it', () => {
    const budget = new Budget(10, null)
    assert.deepEqual(
      [7, 4, 3, 0].map((cost) => budget.spend(cost, 0)),
      [true, false, false, false],
    )
    assert.equal(budget.spend(1, 1e12), false)
  })

  test('to ask for nothing uses nothing', () => {
    const budget = new Budget(1, null)
    assert.deepEqual(
      [0, 0, 1, 0].map((cost) => budget.spend(cost, 0)),
      [true, true, true, false],
    )
  })

  test('what was used is there again when the whole span behind it is over', () => {
    const budget = new Budget(10, 60)
    const start = 1e9
    assert.equal(budget.spend(10, start), true)
    assert.equal(budget.spend(1, start + 59_000), false)
    assert.equal(budget.spend(10, start + 61_000), true)
  })

  test('no span, wherever it begins, has more than the amount', () => {
    const asked = fc.record({ cost: fc.integer({ min: 1, max: 60 }), pauseMs: fc.integer({ min: 0, max: 4000 }) })
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 200 }), fc.integer({ min: 1, max: 30 }), (all, perSeconds) => {
        const budget = new Budget(100, perSeconds)
        const spent: { readonly atMs: number; readonly cost: number }[] = []
        let nowMs = 5e8
        for (const { cost, pauseMs } of all) {
          nowMs += pauseMs
          if (budget.spend(cost, nowMs)) spent.push({ atMs: nowMs, cost })
        }
        for (const { atMs } of spent) {
          const within = spent.filter((other) => other.atMs >= atMs && other.atMs < atMs + perSeconds * 1000)
          assert.ok(within.reduce((sum, { cost }) => sum + cost, 0) <= 100)
        }
      }),
      { numRuns: 300 },
    )
  })
})
