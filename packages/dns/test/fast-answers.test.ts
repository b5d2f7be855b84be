import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { buildMessage, isWireFailure, parseMessage, type Message } from '@sallyport/wire'
import fc from 'fast-check'
import { AnswerTemplates } from '../src/fast/answer-templates.ts'
import { ttlOffsets } from '../src/fast/ttl-offsets.ts'
import type { Endpoint, ForwarderOptions, NameVerdict } from '../src/options.ts'
import { startForwarder } from '../src/start-forwarder.ts'
import { question } from './loopback-client.fixture.ts'
import { a, cname, loopbackUpstream, respond, type LoopbackUpstream } from './loopback-upstream.fixture.ts'

const ALLOWED: NameVerdict = { verdict: 'allow', rule: null, explain: '' }

const upstreamOf = (): Promise<LoopbackUpstream> =>
  loopbackUpstream((query) => {
    const name = query.questions[0]!.name.labels.join('.').toLowerCase()
    if (query.questions[0]!.type !== 1) return respond(query)
    return respond(query, cname(name, `Target.${name}`, 300), a(`Target.${name}`, '192.0.2.1', 400))
  })

const start = (upstream: LoopbackUpstream, options: Partial<ForwarderOptions>) =>
  startForwarder({
    listen: [{ address: '127.0.0.1', port: 0 }],
    upstreams: [upstream.endpoint],
    judge: () => ALLOWED,
    refusal: { kind: 'nxdomain' },
    ...options,
  })

async function ask(socket: Socket, server: Endpoint, query: Message): Promise<Buffer> {
  socket.send(buildMessage(query), server.port, server.address)
  const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(3000) })) as [Buffer]
  return answer
}
/** Second times may be one apart. */
const withoutTtls = (answer: Buffer): string => {
  const found = ttlOffsets(answer)
  for (const at of found?.offsets ?? []) answer.fill(0, at, at + 4)
  return answer.toString('hex')
}

test('answers of the cache are the same from the hot path, octet by octet, whatever spelling and flags', async () => {
  await using upstream = await upstreamOf()
  await using plain = await start(upstream, {})
  await using hot = await start(upstream, { nameSets: { findWire: () => 1, generation: () => 1 } })
  const socket = createSocket('udp4')
  const query = fc.record({
    name: fc.constantFrom('a.example', 'A.eXample', 'b.example', 'x.target.example'),
    type: fc.constantFrom(1, 16),
    id: fc.nat(0xffff),
    recursionDesired: fc.boolean(),
    checkingDisabled: fc.boolean(),
    edns: fc.boolean(),
  })
  try {
    await fc.assert(
      fc.asyncProperty(query, async ({ name, type, id, edns, ...flags }) => {
        const asked = question(name, type)
        const message = {
          ...asked,
          header: { ...asked.header, ...flags, id },
          additionals: edns ? asked.additionals : [],
        }
        const expected = withoutTtls(await ask(socket, plain.endpoints[0]!, message))
        for (let time = 0; time < 4; time++) {
          assert.equal(withoutTtls(await ask(socket, hot.endpoints[0]!, message)), expected)
        }
      }),
      { numRuns: 100 },
    )
  } finally {
    socket.close()
  }
  const [slow, fast] = [plain.counters(), hot.counters()]
  assert.deepEqual([fast.queriesUdp, fast.answered], [slow.queriesUdp * 4, slow.answered * 4])
})

test('another policy is asked about answers that the hot path knew', async () => {
  await using upstream = await upstreamOf()
  let generation = 1
  await using hot = await start(upstream, {
    judge: () => (generation === 1 ? ALLOWED : { verdict: 'deny', rule: 'no-c2', explain: '' }),
    nameSets: { findWire: () => 1, generation: () => generation },
  })
  const socket = createSocket('udp4')
  const rcode = async (): Promise<number> => (await ask(socket, hot.endpoints[0]!, question('a.example')))[3]! & 15
  for (let time = 0; time < 4; time++) assert.equal(await rcode(), 0)
  generation = 2
  assert.equal(await rcode(), 3)
  socket.close()
})

test('where answers are bound, every one is', async () => {
  await using upstream = await upstreamOf()
  let bound = 0
  await using hot = await start(upstream, {
    bind: () => void bound++,
    nameSets: { findWire: () => 1, generation: () => 1 },
  })
  const socket = createSocket('udp4')
  for (let time = 0; time < 5; time++) await ask(socket, hot.endpoints[0]!, question('a.example'))
  assert.equal(bound, 5)
  socket.close()
})

test('once it drains, the hot path takes no query either', async () => {
  await using upstream = await upstreamOf()
  await using hot = await start(upstream, { nameSets: { findWire: () => 1, generation: () => 1 } })
  const socket = createSocket('udp4')
  for (let time = 0; time < 3; time++) await ask(socket, hot.endpoints[0]!, question('a.example'))
  await hot.drain()
  const before = hot.counters()
  socket.send(buildMessage(question('a.example')), hot.endpoints[0]!.port, '127.0.0.1')
  await assert.rejects(once(socket, 'message', { signal: AbortSignal.timeout(300) }))
  assert.equal(hot.counters().queriesDroppedInFlight, before.queriesDroppedInFlight + 1)
  socket.close()
})

test('times to live count down, and nine tenths in the answer is not known any more', () => {
  const templates = new AnswerTemplates()
  const query = buildMessage(question('a.example'))
  const response = buildMessage(respond(question('a.example'), a('a.example', '192.0.2.1', 100)))
  templates.learn(query, response, 0)
  const answered = (nowMs: number): Message | null => {
    const bytes = new Uint8Array(4096)
    bytes.set(query)
    bytes.set([9, 9])
    const length = templates.answer(bytes, query.length, nowMs)
    const message = parseMessage(bytes.slice(0, length))
    return isWireFailure(message) ? null : message
  }
  assert.deepEqual([answered(0)!.header.id, answered(0)!.answers[0]!.ttl], [0x0909, 100])
  assert.equal(answered(41_500)!.answers[0]!.ttl, 59)
  assert.equal(answered(90_000), null)
})

const arbitraryRecord = fc.oneof(
  fc
    .record({ name: fc.constantFrom('a.example', 'x.b.example', '.'), ttl: fc.nat() })
    .map(({ name, ttl }) => a(name, '192.0.2.1', ttl)),
  fc
    .record({ name: fc.constantFrom('a.example', 'w.a.example'), ttl: fc.nat() })
    .map(({ name, ttl }) => cname(name, 'b.example', ttl)),
  fc.constant(question('a.example').additionals[0]!),
)
const arbitraryMessage = fc
  .record({
    answers: fc.array(arbitraryRecord),
    authorities: fc.array(arbitraryRecord),
    additionals: fc.array(arbitraryRecord),
  })
  .map((sections) => ({ ...question('a.example'), ...sections }))

test('the places of times to live are those that the parser sees', () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      const bytes = buildMessage(message)
      const found = ttlOffsets(bytes)!
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      const ttls = [...message.answers, ...message.authorities, ...message.additionals]
        .filter(({ type }) => type !== 41)
        .map(({ ttl }) => ttl)
      assert.deepEqual(
        found.offsets.map((at) => view.getUint32(at)),
        ttls,
      )
    }),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void ttlOffsets(bytes)))
})
