import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { formatAddress, parseDomainName } from '@sallyport/net'
import { buildMessage, isWireFailure, parseMessage, RCODE, type Message } from '@sallyport/wire'
import fc from 'fast-check'
import { AnswerCache } from '../src/cache/answer-cache.ts'
import { Counters } from '../src/counters.ts'
import { AnswerTemplates } from '../src/fast/answer-templates.ts'
import { BindingRefresh } from '../src/fast/binding-refresh.ts'
import { ttlOffsets } from '../src/fast/ttl-offsets.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import {
  DEFAULT_SETTINGS,
  type AnswerSettings,
  type Binding,
  type Endpoint,
  type ForwarderOptions,
  type NameQuery,
  type NameVerdict,
} from '../src/options.ts'
import { settleAddresses } from '../src/settle-addresses.ts'
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

test('what the hot path answers is bound before it leaves, once for all answers of a second', async () => {
  await using upstream = await upstreamOf()
  const order: string[] = []
  await using hot = await start(upstream, {
    bind: (bindings) => {
      for (const { name, address, ttlSeconds } of bindings)
        order.push(`bound ${name} ${formatAddress(address)} ${ttlSeconds}`)
    },
    settings: () => ({ ...DEFAULT_SETTINGS, addressFloorSeconds: 500, addressGraceSeconds: 7 }),
    nameSets: { findWire: () => 1, generation: () => 1 },
  })
  const socket = createSocket('udp4')
  const beganMs = performance.now()
  for (let time = 0; time < 5; time++) {
    await ask(socket, hot.endpoints[0]!, question('a.example'))
    order.push('answered')
  }
  socket.close()
  // From upstream, from the cache, then from the hot path: there it may last a second longer, and does for as long.
  const slow = ['bound a.example 192.0.2.1 507', 'answered']
  const expected = [...slow, ...slow, 'bound a.example 192.0.2.1 508', 'answered', 'answered', 'answered']
  if (performance.now() - beganMs < 1000) assert.deepEqual(order, expected)
  else assert.deepEqual(order.slice(0, 6), expected.slice(0, 6))
})

test('what the hot path cannot bind it does not answer', async () => {
  await using upstream = await upstreamOf()
  let works = true
  await using hot = await start(upstream, {
    bind: () => {
      if (!works) throw new Error('no room')
    },
    nameSets: { findWire: () => 1, generation: () => 1 },
  })
  const socket = createSocket('udp4')
  const rcode = async (): Promise<number> => (await ask(socket, hot.endpoints[0]!, question('a.example')))[3]! & 15
  for (let time = 0; time < 2; time++) assert.equal(await rcode(), RCODE.NOERROR)
  works = false
  for (let time = 0; time < 2; time++) assert.equal(await rcode(), RCODE.SERVFAIL)
  assert.equal(hot.counters().bindFailures, 2)
  works = true
  assert.equal(await rcode(), RCODE.NOERROR)
  socket.close()
})

test('who hears of what is refused hears of every refusal, beside the hot path for answers', async () => {
  await using upstream = await upstreamOf()
  const refused: string[] = []
  let judged = 0
  await using hot = await start(upstream, {
    judge: ({ name }) => {
      judged++
      return name === 'bad.example' ? { verdict: 'deny', rule: 'no-c2', explain: '' } : ALLOWED
    },
    onNotable: ({ name }) => refused.push(name!),
    nameSets: { findWire: () => 1, generation: () => 1 },
  })
  const socket = createSocket('udp4')
  for (let time = 0; time < 4; time++) await ask(socket, hot.endpoints[0]!, question('a.example'))
  assert.equal(judged, 2)
  for (let time = 0; time < 3; time++) await ask(socket, hot.endpoints[0]!, question('bad.example'))
  assert.deepEqual(refused, ['bad.example', 'bad.example', 'bad.example'])
  socket.close()
})

const times = fc.record({
  ttls: fc.tuple(fc.integer({ min: 2, max: 400 }), fc.integer({ min: 2, max: 400 })),
  floor: fc.constantFrom(0, 5, 300),
  grace: fc.constantFrom(0, 3),
  gapsMs: fc.array(fc.oneof(fc.nat(300), fc.nat(3000), fc.nat(60_000)), { minLength: 2, maxLength: 30 }),
})

test('the hot path keeps addresses bound as the plain one does, and no more than two seconds longer', () => {
  fc.assert(
    fc.property(times, ({ ttls, floor, grace, gapsMs }) => {
      let nowMs = 0
      const settings: AnswerSettings = {
        ...DEFAULT_SETTINGS,
        addressFloorSeconds: floor,
        addressGraceSeconds: grace,
      }
      const counters = new Counters()
      const cache = new AnswerCache(DEFAULT_LIMITS, counters, () => nowMs)
      const asked = question('a.example')
      const answer = respond(asked, ...ttls.map((ttl, at) => a('a.example', `192.0.2.${at}`, ttl)))
      cache.put('a', answer)
      const client = { address: '127.0.0.1', port: 1 }
      const query: NameQuery = { name: parseDomainName('a.example')!, type: 1, client }
      /** When each address is shut again. */
      const plain = new Map<string, number>()
      const hot = new Map<string, number>()
      const bindIn =
        (ends: Map<string, number>) =>
        (bindings: readonly Binding[]): void => {
          for (const { address, ttlSeconds } of bindings) {
            const key = formatAddress(address)
            ends.set(key, Math.max(ends.get(key) ?? 0, nowMs + ttlSeconds * 1000))
          }
        }
      const templates = new AnswerTemplates()
      const refresh = new BindingRefresh({ bind: bindIn(hot), settings: () => settings })
      const bytes = buildMessage(asked)
      for (const gapMs of gapsMs) {
        nowMs += gapMs
        const cached = cache.get('a')
        if (cached?.state !== 'fresh') return
        const options = { settings: () => settings } as Partial<ForwarderOptions> as ForwarderOptions
        const { bindings } = settleAddresses(
          cached.message,
          asked.questions[0]!,
          query,
          [query.name],
          options,
          counters,
        )
        bindIn(plain)(bindings)
        const template = templates.find(bytes, bytes.length, nowMs)
        if (template === null) {
          bindIn(hot)(bindings)
          templates.learn(bytes, buildMessage(cached.message), bindings, nowMs)
        } else {
          refresh.add(template, nowMs)
          refresh.flush(nowMs)
          assert.ok(refresh.isBound(template, nowMs))
        }
        assert.equal(hot.size, 2)
        for (const [address, endMs] of plain) {
          const longerMs = hot.get(address)! - endMs
          assert.ok(longerMs >= 0 && longerMs <= 2000, `${address} ${longerMs}`)
        }
      }
    }),
    { numRuns: 500 },
  )
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
  templates.learn(query, response, [], 0)
  const answered = (nowMs: number): Message | null => {
    const bytes = new Uint8Array(4096)
    bytes.set(query)
    bytes.set([9, 9])
    const template = templates.find(bytes, query.length, nowMs)
    if (template === null) return null
    const message = parseMessage(bytes.slice(0, template.write(bytes, nowMs)))
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
