import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { buildNameTable, compilePolicy } from '@sallyport/compile'
import { parseDomainName, type DomainName } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies } from '@sallyport/policy'
import { buildMessage } from '@sallyport/wire'
import fc from 'fast-check'
import { policyNameSets } from '../src/fast/policy-name-sets.ts'
import type { Endpoint, ForwarderOptions, NameVerdict } from '../src/options.ts'
import { startForwarder } from '../src/start-forwarder.ts'
import { question } from './loopback-client.fixture.ts'

const NAMES = ['bad.example', 'c2.example', 'fine.example'].map((name) => parseDomainName(name)!)
const table = buildNameTable(
  NAMES.slice(0, 2).map((name, atom) => ({ atom, patterns: [{ kind: 'both', name }] })),
  [1, 2],
)
const POLICY = `
sallyport: 1
name: test
rules:
  - { id: bad, action: deny, to: [.bad.example] }
  - { id: fine, action: allow, to: [fine.example], until: 2026-06-30 }
`
const RULES = ['no-malware', 'no-c2']

/** Fails where nothing listens, at once, so that names that are let through have one answer, too. */
const NOBODY: Endpoint = { address: '127.0.0.1', port: 9 }

function judge(name: DomainName): NameVerdict {
  const [atom] = table.atomsOf(table.find(name))
  if (atom === undefined) return { verdict: 'deny', rule: null, explain: `${name} is not allowed` }
  return { verdict: 'deny', rule: RULES[atom]!, explain: 'in a list' }
}

const running = new AsyncDisposableStack()
after(() => running.disposeAsync())

async function start(options: Partial<ForwarderOptions>): Promise<Awaited<ReturnType<typeof startForwarder>>> {
  return running.use(
    await startForwarder({
      listen: [{ address: '127.0.0.1', port: 0 }],
      upstreams: [NOBODY],
      judge: ({ name }) => judge(name),
      bind: () => {},
      refusal: { kind: 'zero' },
      ...options,
    }),
  )
}

async function ask(socket: Socket, server: Endpoint, query: Uint8Array): Promise<string> {
  socket.send(query, server.port, server.address)
  const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(5000) })) as [Buffer]
  return answer.toString('hex')
}

const spelled = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.constantFrom('', 'www.', 'WwW.a-b.', 'odd\\032label.', `${'x'.repeat(63)}.`.repeat(3)),
    fc.boolean(),
  )
  .map(([name, below, capitals]) => below + (capitals ? name.toUpperCase() : name))
const options = fc.array(
  fc.record({ code: fc.constantFrom(10, 12, 15), value: fc.uint8Array({ minLength: 8, maxLength: 8 }) }),
  { maxLength: 2 },
)
const query = fc
  .record({
    name: spelled,
    type: fc.constantFrom(1, 28, 65, 16, 252, 255),
    id: fc.nat(0xffff),
    opcode: fc.constantFrom(0, 0, 0, 4),
    flags: fc.record({ recursionDesired: fc.boolean(), checkingDisabled: fc.boolean(), authenticData: fc.boolean() }),
    options,
    edns: fc.boolean(),
  })
  .map(({ name, type, id, opcode, flags, edns, options: sent }) => {
    const plain = question(name, type, sent)
    const header = { ...plain.header, ...flags, id, opcode }
    return buildMessage({ ...plain, header, additionals: edns ? plain.additionals : [] })
  })

/** Each server has its own secret: of a cookie only what the client gave is the same. */
const withoutCookie = (answer: string): string => answer.replace(/(000a0018.{16}).{32}/, '$1')

for (const refusal of ['refused', 'nxdomain', 'zero'] as const) {
  test(`the hot path answers as the plain one does, octet by octet, first and again (${refusal})`, async () => {
    const plain = await start({ refusal: { kind: refusal } })
    const hot = await start({ refusal: { kind: refusal }, nameSets: { findWire: table.findWire, generation: () => 1 } })
    const socket = createSocket('udp4')
    try {
      await fc.assert(
        fc.asyncProperty(query, async (asked) => {
          const expected = withoutCookie(await ask(socket, plain.endpoints[0]!, asked))
          for (let time = 0; time < 3; time++) {
            assert.equal(withoutCookie(await ask(socket, hot.endpoints[0]!, asked)), expected)
          }
        }),
        { numRuns: 300 },
      )
    } finally {
      socket.close()
    }
    const [slow, fast] = [plain.counters(), hot.counters()]
    for (const name of ['queriesUdp', 'refused', 'answered', 'failed', 'invalid'] as const) {
      assert.equal(fast[name], slow[name] * 3, name)
    }
  })
}

test('names of one set are judged once, and again as soon as the policy is another one', async () => {
  let generation = 1
  let judged = 0
  let rule = 'first'
  const hot = await start({
    judge: () => {
      judged++
      return { verdict: 'deny', rule, explain: '' }
    },
    nameSets: { findWire: table.findWire, generation: () => generation },
  })
  const socket = createSocket('udp4')
  try {
    const named = async (name: string): Promise<string> => {
      const answer = await ask(socket, hot.endpoints[0]!, buildMessage(question(name)))
      return Buffer.from(answer, 'hex').toString('latin1')
    }
    assert.match(await named('a.bad.example'), /rule first/)
    assert.match(await named('b.bad.example'), /rule first/)
    assert.equal(judged, 1)
    assert.match(await named('c2.example'), /rule first/)
    assert.equal(judged, 2)
    generation = 2
    rule = 'second'
    assert.match(await named('b.bad.example'), /rule second/)
    assert.equal(judged, 3)
  } finally {
    socket.close()
  }
})

test('random octets never stop the hot path', async () => {
  const hot = await start({ nameSets: { findWire: table.findWire, generation: () => 1 } })
  const socket = createSocket('udp4')
  socket.on('message', () => {})
  const good = buildMessage(question('bad.example'))
  try {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(good.length - 1), fc.nat(255), (noise, at, octet) => {
        socket.send(noise, hot.endpoints[0]!.port, '127.0.0.1')
        socket.send(good.with(at, octet), hot.endpoints[0]!.port, '127.0.0.1')
      }),
    )
    const other = createSocket('udp4')
    assert.notEqual(await ask(other, hot.endpoints[0]!, good), '')
    other.close()
  } finally {
    socket.close()
  }
})

test('a compiled policy tells the hot path which names are alike, and that a rule has ended', () => {
  const parsed = parsePolicies([{ file: 'test.yaml', text: POLICY }])
  assert.ok(parsed.ok)
  const compiled = compilePolicy(parsed.value, EMPTY_WORLD, { atMs: 0, seed: [3, 4] })
  let nowMs = Date.UTC(2026, 0, 1)
  const sets = policyNameSets(
    () => compiled,
    () => nowMs,
  )
  const setOf = (name: string): number => sets.findWire(buildMessage(question(name)), 12)
  assert.equal(setOf('a.bad.example'), setOf('B.bad.example'))
  assert.notEqual(setOf('bad.example'), setOf('fine.example'))
  const before = sets.generation()
  assert.equal(sets.generation(), before)
  nowMs = Date.UTC(2027, 0, 1)
  assert.notEqual(sets.generation(), before)
})
