import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { RCODE, type Message } from '@sallyport/wire'
import { DEFAULT_SETTINGS } from '../../src/options.ts'
import { addressesIn, askUdp, errorsIn, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'

const good = (query: Message): Message => respond(query, a('a.example', '192.0.2.1', 1))
const refused = (query: Message): Message => ({
  ...respond(query),
  header: { ...respond(query).header, rcode: RCODE.SERVFAIL },
})

test('when no server can be reached, the answer that is over is sent, says so, and binds again', async () => {
  for (const failing of [() => null, refused]) {
    let answering: (query: Message) => Message | null = good
    await using upstream = await loopbackUpstream((query) => answering(query))
    await using forwarder = await observedForwarder([upstream], { timeouts: { attemptMs: 100, totalMs: 300 } })
    const ask = () => askUdp(forwarder.endpoints[0]!, question('a.example'))
    assert.deepEqual(errorsIn(await ask()), [])
    answering = failing
    await after(1100)
    for (let time = 0; time < 2; time++) {
      const stale = await ask()
      assert.deepEqual(addressesIn(stale), ['192.0.2.1'])
      assert.equal(stale.answers[0]!.ttl, 30)
      assert.equal(errorsIn(stale)[0]?.code, 3)
    }
    const asked = upstream.queries.length
    await ask()
    // It failed a moment ago: the servers are left alone.
    assert.equal(upstream.queries.length, asked)
    assert.equal(forwarder.bound.length, 4)
    assert.equal(forwarder.counters().cacheStale, 3)
    assert.deepEqual(forwarder.records.at(-1)!.stale, true)
  }
})

test('a server that is slow gets its time, then the answer that is over is sent', async () => {
  let delayed = false
  await using upstream = await loopbackUpstream((query) => (delayed ? null : good(query)))
  await using forwarder = await observedForwarder([upstream], { timeouts: { attemptMs: 4000, totalMs: 8000 } })
  const ask = () => askUdp(forwarder.endpoints[0]!, question('a.example'))
  await ask()
  delayed = true
  await after(1100)
  const start = performance.now()
  assert.equal(errorsIn(await ask())[0]?.code, 3)
  const waited = performance.now() - start
  assert.ok(waited > 1500 && waited < 3500, `${waited}`)
})

test('without an answer that is over, or when that is switched off, the query fails', async () => {
  let up = true
  const settings = () => ({ ...DEFAULT_SETTINGS, stale: false })
  await using upstream = await loopbackUpstream((query) => (up ? good(query) : null))
  await using forwarder = await observedForwarder([upstream], {
    settings,
    timeouts: { attemptMs: 100, totalMs: 200 },
  })
  const ask = () => askUdp(forwarder.endpoints[0]!, question('a.example'))
  await ask()
  up = false
  await after(1100)
  assert.equal((await ask()).header.rcode, RCODE.SERVFAIL)
})
