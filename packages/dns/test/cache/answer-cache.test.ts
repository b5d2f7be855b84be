import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wireName, type Message, type ResourceRecord } from '@sallyport/wire'
import { AnswerCache } from '../../src/cache/answer-cache.ts'
import { Counters } from '../../src/counters.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.ts'
import { question } from '../loopback-client.fixture.ts'
import { a, record, respond } from '../loopback-upstream.fixture.ts'

function cacheAt(limits: Partial<Limits> = {}) {
  const clock = { seconds: 0 }
  const counters = new Counters()
  const cache = new AnswerCache({ ...DEFAULT_LIMITS, ...limits }, counters, () => clock.seconds * 1000)
  return { cache, clock, counters }
}

const answer = (...records: ResourceRecord[]): Message => respond(question('a.example'), ...records)
const soa = (ttl: number, minimum: number): ResourceRecord => {
  const name = wireName('example')!
  const rest = { serial: 1, refresh: 2, retry: 3, expire: 4, minimum }
  return record('example', 6, ttl, { kind: 'soa', primary: name, mailbox: name, ...rest })
}
const negative = (rcode: number, ...authorities: ResourceRecord[]): Message => {
  const empty = answer()
  return { ...empty, header: { ...empty.header, rcode }, authorities }
}

test('an answer counts down, and is over when its shortest record is', () => {
  const { cache, clock } = cacheAt({ staleSeconds: 0 })
  cache.put('a', answer(a('a.example', '192.0.2.1', 60), a('a.example', '192.0.2.2', 30)))
  clock.seconds = 10
  assert.deepEqual(
    cache.get('a')!.message.answers.map(({ ttl }) => ttl),
    [50, 20],
  )
  clock.seconds = 30
  assert.equal(cache.get('a'), null)
})

test('negative answers are kept for the least of the SOA record, its minimum and the bound (RFC 2308 §5)', () => {
  for (const [rcode, ttl, minimum, seconds] of [
    [3, 100, 20, 20],
    [0, 20, 100, 20],
    [3, 4000, 4000, 300],
  ] as const) {
    const { cache, clock } = cacheAt({ staleSeconds: 0 })
    cache.put('a', negative(rcode, soa(ttl, minimum)))
    clock.seconds = seconds - 1
    assert.notEqual(cache.get('a'), null)
    clock.seconds = seconds
    assert.equal(cache.get('a'), null)
  }
})

test('without a SOA record, with SERVFAIL, or cut off, nothing is kept', () => {
  const { cache } = cacheAt()
  cache.put('a', negative(3))
  cache.put('b', negative(2, soa(60, 60)))
  cache.put('c', { ...answer(a('a.example', '192.0.2.1')), header: { ...answer().header, truncated: true } })
  for (const key of ['a', 'b', 'c']) assert.equal(cache.get(key), null)
})

test('past its time an answer is stale with a TTL of 30, until it is too old', () => {
  const { cache, clock } = cacheAt({ staleSeconds: 100 })
  cache.put('a', answer(a('a.example', '192.0.2.1', 60)))
  clock.seconds = 60
  const stale = cache.get('a')!
  assert.deepEqual([stale.state, stale.failedLately, stale.message.answers[0]!.ttl], ['stale', false, 30])
  cache.failed('a')
  assert.equal(cache.get('a')!.failedLately, true)
  clock.seconds = 90
  assert.equal(cache.get('a')!.failedLately, false)
  clock.seconds = 160
  assert.equal(cache.get('a'), null)
})

test('what is asked for again and again is worth having before it is over; what was asked for once is not', () => {
  const { cache, clock } = cacheAt()
  for (const key of ['often', 'once']) cache.put(key, answer(a('a.example', '192.0.2.1', 100)))
  clock.seconds = 50
  assert.equal(cache.get('often')!.ending, false)
  clock.seconds = 95
  assert.equal(cache.get('often')!.ending, true)
  assert.equal(cache.get('once')!.ending, false)
})

test('entries and records are bounded; those used longest ago go first, and are counted', () => {
  const { cache, counters } = cacheAt({ cacheEntries: 3, cacheRecords: 10 })
  for (const key of ['a', 'b', 'c']) cache.put(key, answer(a('a.example', '192.0.2.1')))
  cache.get('a')
  cache.put('d', answer(a('a.example', '192.0.2.1')))
  assert.equal(cache.get('b'), null)
  cache.put('e', answer(...Array.from({ length: 7 }, () => a('a.example', '192.0.2.1'))))
  assert.notEqual(cache.get('e'), null)
  assert.deepEqual([cache.get('c'), cache.get('d') === null], [null, false])
  cache.put('f', answer(...Array.from({ length: 10 }, () => a('a.example', '192.0.2.1'))))
  assert.equal(cache.get('f'), null)
  assert.equal(counters.values().cacheEvictions, 3)
})
