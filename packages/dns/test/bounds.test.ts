import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { buildMessage, type Message } from '@sallyport/wire'
import { frame } from '../src/listen/frames.ts'
import { addressesIn, askTcp, closed, connected, question } from './loopback-client.fixture.ts'
import { observedForwarder, SHORT_TIMEOUTS } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from './loopback-upstream.fixture.ts'

const good = (query: Message): Message => respond(query, a('a.example', '192.0.2.1'))
const padded = (length: number): Message => question('a.example', 1, [{ code: 12, value: new Uint8Array(length) }])

test('a query of 10 kB is answered, and none of its padding goes out', async () => {
  await using upstream = await loopbackUpstream(good)
  await using forwarder = await observedForwarder([upstream])
  const [answer] = await askTcp(forwarder.endpoints[0]!, padded(10_000))
  assert.deepEqual(addressesIn(answer!), ['192.0.2.1'])
  assert.ok(buildMessage(upstream.queries[0]!).length < 100)
})

test('a query over the limit ends the connection', async () => {
  await using forwarder = await observedForwarder([])
  const socket = await connected(forwarder.endpoints[0]!)
  const end = closed(socket)
  socket.write(frame(buildMessage(padded(20_000))))
  await end
  assert.equal(forwarder.counters().queriesDroppedSize, 1)
})

test('single octets keep no connection open', async () => {
  await using forwarder = await observedForwarder([], { timeouts: { tcpIdleMs: 150 } })
  const socket = await connected(forwarder.endpoints[0]!)
  const end = closed(socket)
  const bytes = frame(buildMessage(question('a.example')))
  let sent = 0
  const dripping = setInterval(() => socket.write(bytes.subarray(sent, ++sent)), 20)
  await end
  clearInterval(dripping)
  assert.ok(sent < bytes.length)
  assert.equal(forwarder.counters().tcpClientsIdle, 1)
})

test('a query in single octets within the time is answered', async () => {
  await using upstream = await loopbackUpstream(good)
  await using forwarder = await observedForwarder([upstream])
  const socket = await connected(forwarder.endpoints[0]!)
  socket.setNoDelay(true)
  for (const octet of frame(buildMessage(question('a.example')))) {
    socket.write(Uint8Array.of(octet))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await once(socket, 'data')
  socket.destroy()
  assert.equal(forwarder.counters().answered, 1)
})

test('a client that does not read its answers is cut off', async () => {
  const many = Array.from({ length: 3500 }, (_, i) => a('a.example', `198.51.${i >> 8}.${i & 255}`))
  await using upstream = await loopbackUpstream((query, transport) =>
    transport === 'tcp'
      ? respond(query, ...many)
      : { ...respond(query), header: { ...respond(query).header, truncated: true } },
  )
  await using forwarder = await observedForwarder([upstream], { timeouts: { tcpIdleMs: 300 }, bind: () => {} })
  const socket = await connected(forwarder.endpoints[0]!)
  socket.on('error', () => {})
  socket.pause()
  const query = frame(buildMessage(question('a.example')))
  socket.write(Buffer.concat(Array.from({ length: 600 }, () => query)))
  while (forwarder.counters().tcpClientsIdle === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
})

test('TCP clients, queries in flight and cache entries are bounded and counted', async () => {
  await using upstream = await loopbackUpstream((query) => {
    const { name } = query.questions[0]!
    return name.labels[0]!.toLowerCase() === 'slow' ? null : respond(query, { ...a('x', '192.0.2.1'), name })
  })
  await using forwarder = await observedForwarder([upstream], {
    limits: { tcpClients: 1, queriesInFlight: 1, cacheEntries: 1 },
    timeouts: SHORT_TIMEOUTS,
  })
  const server = forwarder.endpoints[0]!
  const first = await connected(server)
  const second = await connected(server)
  await closed(second)
  assert.equal(forwarder.counters().tcpClientsDropped, 1)
  first.write(Buffer.concat(['slow.example', 'b.example'].map((name) => frame(buildMessage(question(name))))))
  await once(first, 'data')
  assert.equal(forwarder.counters().queriesDroppedInFlight, 1)
  for (const name of ['c.example', 'd.example']) {
    first.write(frame(buildMessage(question(name))))
    await once(first, 'data')
  }
  assert.equal(forwarder.counters().cacheEvictions, 1)
  first.destroy()
})

test('a port that is taken rejects, and leaves nothing open', async () => {
  await using forwarder = await observedForwarder([])
  const taken = forwarder.endpoints[0]!
  await assert.rejects(observedForwarder([], { listen: [{ address: '127.0.0.1', port: 0 }, taken] }), {
    code: 'EADDRINUSE',
  })
})
