import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DomainName } from '@sallyport/net'
import { SeenDomains } from '../../src/policy/seen-domains.ts'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const START_MS = Date.parse('2026-11-01T00:00:00Z')
const at = (days: number): number => START_MS + days * DAY_MS
const isNew = (seen: SeenDomains, name: string, days: number): boolean =>
  seen.isNew(name as DomainName, WEEK_MS, at(days))

test('in the first week nothing is new, and what was seen in it stays known', () => {
  const seen = SeenDomains.begin(at(0))
  assert.deepEqual(
    [0, 3, 6.9, 7, 8, 100].map((day) => isNew(seen, 'www.example.com', day)),
    Array(6).fill(false),
  )
  assert.equal(seen.learningUntilMs(WEEK_MS), at(7))
})

test('afterwards a domain is new for a week from its first look-up, whichever of its names is asked for', () => {
  const seen = SeenDomains.begin(at(0))
  assert.equal(isNew(seen, 'a.new.example', 10), true)
  assert.deepEqual(
    [10, 12, 16.9, 17.1, 30].map((day) => isNew(seen, 'b.new.example', day)),
    [true, true, true, false, false],
  )
  assert.equal(isNew(seen, 'tenant.github.io', 10), true)
  assert.equal(isNew(seen, 'other.github.io', 18), true)
})

test('what is written is read back; what is torn or changed is not', () => {
  const seen = SeenDomains.begin(at(0))
  isNew(seen, 'known.example', 1)
  isNew(seen, 'new.example', 10)
  const bytes = seen.encode()
  assert.equal(seen.isDirty, false)
  const again = SeenDomains.decode(bytes)!
  assert.deepEqual([again.size, again.isDirty], [2, false])
  assert.deepEqual([isNew(again, 'known.example', 12), isNew(again, 'new.example', 12)], [false, true])
  assert.equal(isNew(again, 'new.example', 18), false)
  for (const broken of [bytes.subarray(1), bytes.subarray(0, -1), bytes.subarray(0, 40), new Uint8Array(0)]) {
    assert.equal(SeenDomains.decode(broken), null)
  }
  const changed = bytes.slice()
  changed[60]! ^= 1
  assert.equal(SeenDomains.decode(changed), null)
})

test('domains are bounded: the one that was asked for longest ago is forgotten, and new again', () => {
  const seen = SeenDomains.begin(at(0), 3)
  for (const name of ['a.example', 'b.example', 'c.example', 'a.example', 'd.example']) isNew(seen, name, 1)
  assert.deepEqual([seen.size, seen.forgotten], [3, 1])
  assert.deepEqual([isNew(seen, 'a.example', 8), isNew(seen, 'b.example', 8)], [false, true])
})
