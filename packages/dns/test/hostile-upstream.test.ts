import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { buildMessage, RCODE, wireName, type Message } from '@sallyport/wire'
import { addressesIn, askTcp, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { observedForwarder, SHORT_TIMEOUTS } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from './loopback-upstream.fixture.ts'

const good = (query: Message): Message => respond(query, a('a.example', '192.0.2.1'))
const evil = (query: Message): Message => respond(query, a('a.example', '192.0.2.66'))
const withId = (message: Message, id: number): Message => ({ ...message, header: { ...message.header, id } })
const asking = (message: Message, name: string): Message => ({
  ...message,
  questions: [{ ...message.questions[0]!, name: wireName(name)! }],
})

const swapCase = (query: Message): string =>
  query.questions[0]!.name.labels.join('.').replace(/[a-z]/gi, (letter) =>
    letter < 'a' ? letter.toLowerCase() : letter.toUpperCase(),
  )

test('wrong id, wrong question and garbage are passed over', async () => {
  await using upstream = await loopbackUpstream((query) => [
    withId(evil(query), query.header.id ^ 1),
    asking(evil(query), 'b.example'),
    Uint8Array.of(1, 2, 3),
    buildMessage(evil(query)).subarray(0, 30),
    { ...evil(query), header: { ...evil(query).header, response: false } },
    good(query),
  ])
  await using forwarder = await observedForwarder([upstream])
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  assert.equal(forwarder.counters().upstreamMismatches, 3)
  assert.equal(forwarder.counters().upstreamMalformed, 2)
})

test('an answer from another address or port is not taken', async () => {
  const spoofer = createSocket('udp4')
  spoofer.bind(0, '127.0.0.2')
  await once(spoofer, 'listening')
  await using upstream = await loopbackUpstream((query, _, peer) => {
    spoofer.send(buildMessage(evil(query)), peer.port, peer.address)
    return null
  })
  await using forwarder = await observedForwarder([upstream], { timeouts: SHORT_TIMEOUTS })
  const answer = await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.equal(answer.header.rcode, RCODE.SERVFAIL)
  assert.deepEqual(forwarder.bound, [])
  spoofer.close()
})

test('ids, ports and spellings differ from query to query', async () => {
  const ports = new Set<number>()
  await using upstream = await loopbackUpstream((query, _, peer) => {
    ports.add(peer.port)
    return good(query)
  })
  await using forwarder = await observedForwarder([upstream], { limits: { cacheEntries: 0 } })
  for (let i = 0; i < 8; i++) await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.ok(ports.size > 4)
  assert.ok(new Set(upstream.queries.map((query) => query.header.id)).size > 4)
  assert.ok(new Set(upstream.queries.map((query) => query.questions[0]!.name.labels.join('.'))).size > 2)
})

test('another spelling is asked again over TCP, and a server that lower-cases is remembered', async () => {
  await using upstream = await loopbackUpstream((query) => asking(good(query), 'a.example'))
  await using forwarder = await observedForwarder([upstream], { limits: { cacheEntries: 0 } })
  // A random spelling is all lower case once in 256 times.
  for (let i = 0; i < 4; i++) {
    assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  }
  assert.equal(forwarder.counters().upstreamQueriesTcp, 1)
})

test('a spoofed spelling over UDP does not win', async () => {
  await using upstream = await loopbackUpstream((query, transport) =>
    transport === 'udp' ? asking(evil(query), swapCase(query)) : good(query),
  )
  await using forwarder = await observedForwarder([upstream])
  const [answer] = await askTcp(forwarder.endpoints[0]!, question('a.example'))
  assert.deepEqual(addressesIn(answer!), ['192.0.2.1'])
})

test('a silent server is left for the next one; when all are silent, the error says so', async () => {
  await using silent = await loopbackUpstream(() => null)
  await using second = await loopbackUpstream(good)
  await using forwarder = await observedForwarder([silent, second], { timeouts: SHORT_TIMEOUTS })
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  await using lost = await observedForwarder([silent], { timeouts: SHORT_TIMEOUTS })
  const start = performance.now()
  const answer = await askUdp(lost.endpoints[0]!, question('a.example'))
  assert.equal(answer.header.rcode, RCODE.SERVFAIL)
  assert.equal(errorsIn(answer)[0]?.code, 22)
  assert.ok(performance.now() - start < 1500)
})

test('a server that is not there is a network error; SERVFAIL is asked of the next server', async () => {
  const gone = await loopbackUpstream(() => null)
  await gone[Symbol.asyncDispose]()
  await using unreachable = await observedForwarder([gone])
  const answer = await askUdp(unreachable.endpoints[0]!, question('a.example'))
  assert.deepEqual([answer.header.rcode, errorsIn(answer)[0]?.code], [RCODE.SERVFAIL, 23])

  await using broken = await loopbackUpstream((query) => ({
    ...good(query),
    header: { ...good(query).header, rcode: 2 },
  }))
  await using second = await loopbackUpstream(good)
  await using forwarder = await observedForwarder([broken, second])
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
})

test('a truncated answer is fetched over TCP and truncated again for a UDP client', async () => {
  const many = Array.from({ length: 640 }, (_, i) => a('a.example', `192.0.${i >> 8}.${i & 255}`))
  await using upstream = await loopbackUpstream((query, transport) =>
    transport === 'tcp'
      ? respond(query, ...many)
      : { ...respond(query), header: { ...respond(query).header, truncated: true } },
  )
  await using forwarder = await observedForwarder([upstream])
  const server = forwarder.endpoints[0]!
  const small = await askUdp(server, question('a.example'))
  assert.equal(small.header.truncated, true)
  assert.deepEqual(small.answers, [])
  const [whole] = await askTcp(server, question('a.example'))
  assert.ok(buildMessage(whole!).length > 10_000)
  assert.equal(whole!.answers.length, 640)
  // Bound all the same, before either answer.
  assert.equal(forwarder.bound.length, 1280)
})
