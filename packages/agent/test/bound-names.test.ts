import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, type DomainName } from '@sallyport/net'
import { BoundNames } from '../src/run/bound-names.ts'

const ADDRESS = parseAddress('198.51.100.10')!
const NAME = 'allowed.test' as DomainName

test('a name holds for its time, and for a flow that began in it', () => {
  let nowMs = 1_000_000
  const names = new BoundNames(() => nowMs)
  names.bind(ADDRESS, NAME, 60)
  nowMs += 59_999
  assert.deepEqual(names.namesOf(ADDRESS), [NAME])
  assert.deepEqual([...names.entries()][0]?.names, [{ name: NAME, ttlSeconds: 0.001 }])
  nowMs += 1
  assert.deepEqual(names.namesOf(ADDRESS), [])
  assert.deepEqual([...names.entries()], [])
  assert.deepEqual(names.namesOf(ADDRESS, nowMs - 1), [NAME])
})

test('the time of day may jump either way: names neither end by it nor hold longer', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const names = new BoundNames()
  names.bind(ADDRESS, NAME, 60)
  const [past, future] = ['early.test', 'late.test'] as DomainName[]
  for (const [name, jumpMs] of [
    [past!, -86_400_000],
    [future!, 2 * 86_400_000],
  ] as const) {
    t.mock.timers.setTime(Date.now() + jumpMs)
    names.bind(ADDRESS, name, 60)
  }
  assert.deepEqual(new Set(names.namesOf(ADDRESS)), new Set([NAME, past, future]))
  for (const { ttlSeconds } of [...names.entries()].flatMap((entry) => entry.names))
    assert.ok(ttlSeconds > 50 && ttlSeconds <= 60, `${ttlSeconds} s`)
})
