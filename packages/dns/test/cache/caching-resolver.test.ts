import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wireName } from '@sallyport/wire'
import { AnswerCache } from '../../src/cache/answer-cache.ts'
import { CachingResolver, type AskUpstreams } from '../../src/cache/caching-resolver.ts'
import { FailureCache } from '../../src/cache/failure-cache.ts'
import { Counters } from '../../src/counters.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { question } from '../loopback-client.fixture.ts'
import { a, respond } from '../loopback-upstream.fixture.ts'

const ASK = { name: wireName('a.example')!, type: 1, dnssecOk: false, checkingDisabled: false }

function resolverAt(resolve: AskUpstreams) {
  const clock = { seconds: 0 }
  const counters = new Counters()
  const now = (): number => clock.seconds * 1000
  const cache = new AnswerCache(DEFAULT_LIMITS, counters, now)
  const failures = new FailureCache(2, counters, now)
  return {
    clock,
    counters,
    resolver: new CachingResolver(cache, failures, resolve, counters, () => true, new AbortController().signal),
  }
}

test('an answer in use is asked for anew before it is over, once, and nobody waits', async () => {
  const asked: (() => void)[] = []
  const { clock, counters, resolver } = resolverAt(async () => {
    await new Promise<void>((done) => (asked.length === 0 ? (asked.push(done), done()) : asked.push(done)))
    const message = respond(question('a.example'), a('a.example', '192.0.2.1', 100))
    return { kind: 'answer', message, upstream: { address: '192.0.2.53', port: 53 } }
  })
  await resolver.resolve(ASK)
  for (clock.seconds = 92; clock.seconds < 96; clock.seconds++) {
    const found = await resolver.resolve(ASK)
    assert.equal(found.kind === 'answer' && found.cached && !found.stale, true)
  }
  assert.equal(asked.length, 2)
  asked[1]!()
  await new Promise((next) => setImmediate(next))
  clock.seconds = 110
  const found = await resolver.resolve(ASK)
  assert.equal(found.kind === 'answer' && found.message.answers[0]!.ttl, 86)
  assert.deepEqual([counters.values().cachePrefetches, counters.values().cacheMisses], [1, 1])
})

test('equal questions at one time go out once', async () => {
  let asked = 0
  const { resolver } = resolverAt(async () => {
    asked++
    await new Promise((next) => setTimeout(next, 5))
    return { kind: 'failed', reason: 'timeout' }
  })
  const all = await Promise.all(Array.from({ length: 5 }, () => resolver.resolve(ASK)))
  assert.deepEqual([asked, all.every(({ kind }) => kind === 'failed')], [1, true])
})
