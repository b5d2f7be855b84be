import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RCODE } from '@sallyport/wire'
import { FailureCache } from '../../src/cache/failure-cache.ts'
import { Counters } from '../../src/counters.ts'
import { addressesIn, askUdp, errorsIn, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'

const FAILED = { kind: 'failed', reason: 'timeout' } as const

function failuresAt(most = 10) {
  const clock = { seconds: 0 }
  const counters = new Counters()
  return { clock, counters, failures: new FailureCache(most, counters, () => clock.seconds * 1000) }
}

test('a failure holds for a second, each further one for twice as long, none for over half a minute (RFC 9520 §3.2)', () => {
  const { clock, failures } = failuresAt()
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    failures.failed('a', FAILED)
    clock.seconds += seconds - 0.001
    assert.equal(failures.get('a'), FAILED)
    clock.seconds += 0.001
    assert.equal(failures.get('a'), null)
  }
  assert.equal(failures.get('b'), null)
})

test('after an answer, or a long time, the next failure is the first one again', () => {
  const { clock, failures } = failuresAt()
  const holdsFor = (seconds: number): void => {
    failures.failed('a', FAILED)
    clock.seconds += seconds
    assert.equal(failures.get('a'), null)
  }
  holdsFor(1)
  failures.answered('a')
  holdsFor(1)
  clock.seconds += 31
  holdsFor(1)
})

test('failures are bounded: the oldest goes first, and is counted', () => {
  const { counters, failures } = failuresAt(2)
  for (const key of ['a', 'b', 'c']) failures.failed(key, FAILED)
  assert.deepEqual([failures.get('a'), failures.get('c'), counters.values().cacheEvictions], [null, FAILED, 1])
})

test('what failed a moment ago is asked of nobody, and the error says so', async () => {
  await using upstream = await loopbackUpstream((query) => ({
    ...respond(query),
    header: { ...respond(query).header, rcode: RCODE.SERVFAIL },
  }))
  await using forwarder = await observedForwarder([upstream])
  const server = forwarder.endpoints[0]!
  const first = await askUdp(server, question('a.example'))
  assert.deepEqual([first.header.rcode, errorsIn(first)], [RCODE.SERVFAIL, []])
  const asked = upstream.queries.length
  const again = await askUdp(server, question('a.example'))
  assert.deepEqual([again.header.rcode, errorsIn(again)[0]?.code], [RCODE.SERVFAIL, 13])
  assert.equal(upstream.queries.length, asked)
  assert.equal(forwarder.counters().cacheFailures, 1)
  await askUdp(server, question('b.example'))
  assert.ok(upstream.queries.length > asked)
})

test('silence is a failure too: its reason is kept beside that it is known', async () => {
  await using silent = await loopbackUpstream(() => null)
  await using forwarder = await observedForwarder([silent], { timeouts: { attemptMs: 50, totalMs: 300 } })
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('a.example'))
  const again = await askUdp(server, question('a.example'))
  assert.deepEqual(
    errorsIn(again).map(({ code }) => code),
    [22, 13],
  )
})

test('a server that answers again ends what failed for want of it', async () => {
  let works = false
  await using upstream = await loopbackUpstream((query) => (works ? respond(query, a('a.example', '192.0.2.1')) : null))
  await using forwarder = await observedForwarder([upstream], { timeouts: { attemptMs: 30, totalMs: 300 } })
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('a.example'))
  works = true
  // Another name: the one that failed is not asked about.
  await askUdp(server, question('b.example'))
  assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.1'])
})
