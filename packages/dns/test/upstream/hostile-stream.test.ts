import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { buildMessage, isWireFailure, parseMessage, RCODE, wireName, type Message } from '@sallyport/wire'
import { frame, FrameReader } from '../../src/listen/frames.ts'
import type { UpstreamServer } from '../../src/upstream/upstream-server.ts'
import { addressesIn, askUdp, errorsIn, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'

const good = (query: Message): Message => respond(query, a('a.example', '192.0.2.1'))
const evil = (query: Message): Message => respond(query, a('a.example', '192.0.2.66'))

/** A server over TCP that does with each query what `answering` does. */
async function tcpServer(answering: (query: Message, socket: Socket) => void | Promise<void>) {
  const clients = new Set<Socket>()
  const server = createServer((socket) => {
    clients.add(socket)
    const frames = new FrameReader(65535)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of frames.push(chunk) ?? []) {
        const query = parseMessage(bytes)
        if (!isWireFailure(query)) void answering(query, socket)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint: UpstreamServer = { kind: 'tcp', address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  return {
    endpoint,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** One octet after the other, so many milliseconds apart. */
const drip = (everyMs: number) => async (query: Message, socket: Socket) => {
  for (const octet of frame(buildMessage(good(query)))) {
    if (socket.destroyed) return
    socket.write(Uint8Array.of(octet))
    await new Promise((next) => setTimeout(next, everyMs))
  }
}

/** The answer of a resolver that has this server, and one behind it that works. */
async function askedOf(first: UpstreamServer, attemptMs = 200) {
  await using second = await loopbackUpstream(good)
  await using forwarder = await observedForwarder([], {
    upstreams: [first, second.endpoint],
    timeouts: { attemptMs, totalMs: 8000 },
  })
  const answer = await askUdp(forwarder.endpoints[0]!, question('a.example'))
  return { addresses: addressesIn(answer), second: second.queries.length, counters: forwarder.counters() }
}

test('an answer in single octets is taken within the time', async () => {
  await using server = await tcpServer(drip(1))
  const { addresses, second } = await askedOf(server.endpoint, 6000)
  assert.deepEqual([addresses, second], [['192.0.2.1'], 0])
})

test('an answer that drips for longer than the time is not waited for', async () => {
  await using server = await tcpServer(drip(100))
  const { addresses, second, counters } = await askedOf(server.endpoint)
  assert.deepEqual([addresses, second, counters.upstreamTimeouts], [['192.0.2.1'], 1, 1])
})

test('servers that all drip cost a query its time, and no more', async () => {
  await using server = await tcpServer(drip(100))
  await using forwarder = await observedForwarder([], {
    upstreams: [server.endpoint],
    timeouts: { attemptMs: 200, totalMs: 500 },
  })
  const start = performance.now()
  const answer = await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.deepEqual([answer.header.rcode, errorsIn(answer)[0]?.code], [RCODE.SERVFAIL, 22])
  assert.ok(performance.now() - start < 2000)
})

test('a connection cut in the middle of the answer, garbage, and the answer to another question send to the next server', async () => {
  const bytes = (query: Message): Uint8Array => frame(buildMessage(good(query)))
  const wrongs: Readonly<Record<string, (query: Message, socket: Socket) => void>> = {
    cut: (query, socket) => void socket.end(bytes(query).subarray(0, 20)),
    reset: (_, socket) => void socket.resetAndDestroy(),
    garbage: (_, socket) => void socket.write(frame(Uint8Array.of(1, 2, 3, 4))),
    http: (_, socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'a query': (query, socket) => void socket.write(frame(buildMessage(query))),
    'another question': (query, socket) =>
      void socket.write(
        frame(
          buildMessage({
            ...evil(query),
            questions: [{ ...query.questions[0]!, name: wireName('b.example')! }],
          }),
        ),
      ),
    'another id': (query, socket) =>
      void socket.write(
        frame(buildMessage({ ...evil(query), header: { ...evil(query).header, id: query.header.id ^ 1 } })),
      ),
    'an empty frame': (_, socket) => void socket.write(Uint8Array.of(0, 0)),
  }
  for (const [what, answering] of Object.entries(wrongs)) {
    await using server = await tcpServer(answering)
    const { addresses, second } = await askedOf(server.endpoint)
    assert.deepEqual([addresses, second], [['192.0.2.1'], 1], what)
  }
})

test('answers to queries that nobody asked are passed over, also when they come before the right one', async () => {
  await using server = await tcpServer((query, socket) => {
    const other = { ...evil(query), header: { ...evil(query).header, id: query.header.id ^ 1 } }
    socket.write(Buffer.concat([frame(buildMessage(other)), frame(buildMessage(good(query)))]))
  })
  const { addresses, second } = await askedOf(server.endpoint)
  assert.deepEqual([addresses, second], [['192.0.2.1'], 0])
})

test('records that were not asked for are neither sent nor bound: no answer speaks for another name', async () => {
  await using upstream = await loopbackUpstream((query) => ({
    ...respond(query, a('a.example', '192.0.2.1'), a('bank.example', '192.0.2.66')),
    authorities: [a('bank.example', '192.0.2.66')],
    additionals: [...respond(query).additionals, a('bank.example', '192.0.2.66')],
  }))
  await using forwarder = await observedForwarder([upstream])
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('a.example'))
  assert.deepEqual(forwarder.bound, ['a.example 192.0.2.1 300'])
  // Nor is it in the cache.
  await askUdp(server, question('bank.example'))
  assert.equal(upstream.queries.length, 2)
})
