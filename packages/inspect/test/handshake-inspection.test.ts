import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import { HandshakeInspection, type Pushed, type Segment } from '../src/index.ts'
import { clientHello } from './client-hello.fixture.ts'

const SEQ = 0xffff_fff0
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function client(bytes: Uint8Array, more: Partial<Segment> = {}): Segment {
  return { transport: 'tcp', direction: 'client', seq: SEQ, bytes, held: 1, ...more }
}
function server(bytes: Uint8Array, seq = 7): Segment {
  return { transport: 'tcp', direction: 'server', seq, bytes, held: null }
}
function facts(pushed: Pushed<unknown>): { protocol: string; domain: string | null } {
  assert.equal(pushed.state, 'known')
  return pushed.state === 'known' ? { protocol: pushed.facts.protocol, domain: pushed.facts.domain } : assert.fail()
}

suite('the first packets of a flow', () => {
  let hello: Uint8Array
  before(async () => void (hello = await clientHello('allowed.test')))

  test('say its protocol and name, and are all released together', () => {
    const inspection = new HandshakeInspection<string>(null)
    assert.deepEqual(inspection.push('a', client(hello.subarray(0, 9), { held: 4 }), 0), { state: 'waits' })
    const pushed = inspection.push('a', client(hello.subarray(9), { seq: SEQ + 9, held: 5 }), 0)
    assert.deepEqual(facts(pushed), { protocol: 'tls', domain: 'allowed.test' })
    assert.deepEqual(pushed.state === 'known' && pushed.held, [4, 5])
    assert.equal(inspection.size, 0)
  })

  test('say the same however they are cut and in whatever order they come', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: hello.length - 1 }), { maxLength: 12 })
    fc.assert(
      fc.property(cuts, fc.array(fc.nat(), { minLength: 13, maxLength: 13 }), (at, order) => {
        const edges = [0, ...at.toSorted((a, b) => a - b), hello.length]
        const pieces = edges.slice(1).map((end, index) => ({ from: edges[index]!, to: end }))
        const shuffled = pieces.map((piece, index) => ({ piece, by: order[index]! })).toSorted((a, b) => a.by - b.by)
        const inspection = new HandshakeInspection<number>(null)
        inspection.push(1, client(new Uint8Array(0), { isFirst: true, held: null }), 0)
        const answers = shuffled.map(({ piece: { from, to } }, held) =>
          inspection.push(1, client(hello.subarray(from, to), { seq: SEQ + from, held }), 0),
        )
        const known = answers.filter(({ state }) => state === 'known')
        assert.equal(known.length, 1)
        assert.deepEqual(facts(known[0]!), { protocol: 'tls', domain: 'allowed.test' })
      }),
      { numRuns: 200 },
    )
  })

  test('a packet sent again is dropped, and the one that waits is released', () => {
    const inspection = new HandshakeInspection<string>(null)
    inspection.push('a', client(hello.subarray(0, 40), { held: 1 }), 0)
    const again = inspection.push('a', client(hello.subarray(0, 40), { held: 2 }), 0)
    assert.deepEqual(again, { state: 'dropped', why: 'repeated' })
    const pushed = inspection.push('a', client(hello.subarray(40), { seq: SEQ + 40, held: 3 }), 0)
    assert.deepEqual(pushed.state === 'known' && pushed.held, [1, 3])
  })

  test('other octets under the same numbers are no protocol and no name', async () => {
    const other = await clientHello('denied0.test')
    const inspection = new HandshakeInspection<string>(null)
    inspection.push('a', client(hello.subarray(0, 200), { held: 1 }), 0)
    const pushed = inspection.push('a', client(other.subarray(20), { seq: SEQ + 20, held: 2 }), 0)
    assert.equal(pushed.state === 'known' && pushed.facts.problem, 'conflicting-octets')
  })
})

test('a server that speaks first is heard, and its client judged when it speaks', () => {
  const inspection = new HandshakeInspection<string>(null)
  assert.equal(inspection.push('a', server(text('220 mail.test ESMTP\r\n')), 0).state, 'waits')
  assert.equal(facts(inspection.push('a', client(text('EHLO me.test\r\n')), 1)).protocol, 'smtp')
})

test('a server cannot say that its client speaks TLS', async () => {
  const inspection = new HandshakeInspection<string>(null)
  inspection.push('a', server(await clientHello('allowed.test')), 0)
  assert.equal(facts(inspection.push('a', client(text('SSH-2.0-x\r\n')), 1)).protocol, 'ssh')
})

test('what is not known when patience ends is what it is likely to be', () => {
  const inspection = new HandshakeInspection<string>(null, { patienceMs: 100 })
  assert.equal(inspection.push('a', client(Uint8Array.of(22, 3, 1, 2)), 1000).state, 'waits')
  assert.deepEqual(inspection.expire(1099), [])
  const [late] = inspection.expire(1100)
  assert.equal(late?.key, 'a')
  assert.equal(late.facts.domain, null)
  assert.deepEqual(late.held, [1])
})

test('a client that has said nothing is not judged, and is forgotten in time', () => {
  const inspection = new HandshakeInspection<string>(null, { silenceMs: 1000 })
  inspection.push('a', server(text('SSH-2.0-x\r\n')), 0)
  assert.deepEqual(inspection.expire(5000), [])
  assert.equal(inspection.size, 0)
  assert.equal(inspection.counters().silent, 1)
})

test('flows and packets that find no room are dropped and counted', () => {
  const inspection = new HandshakeInspection<string>(null, { flows: 1, packets: 2 })
  const piece = (at: number): Segment => client(Uint8Array.of([22, 3, 1][at]!), { seq: SEQ + at })
  inspection.push('a', piece(0), 0)
  assert.deepEqual(inspection.push('b', piece(0), 0), { state: 'dropped', why: 'flows' })
  inspection.push('a', piece(1), 0)
  assert.deepEqual(inspection.push('a', piece(2), 0), { state: 'dropped', why: 'packets' })
  const { flowsFull, packetsFull } = inspection.counters()
  assert.deepEqual({ flowsFull, packetsFull }, { flowsFull: 1, packetsFull: 1 })
})

test('a sender that is trusted to send again has few segments waiting; the others are read all the same', async () => {
  const inspection = new HandshakeInspection<string>(null, { segments: 2 })
  const hello = await clientHello('allowed0.test')
  const pieces = Array.from({ length: Math.ceil(hello.length / 60) }, (_, at) =>
    client(hello.subarray(at * 60, at * 60 + 60), { seq: SEQ + at * 60, held: at }),
  )
  const pushed = pieces.map((piece) => inspection.push('a', piece, 0))
  const [last] = pushed.slice(-1)
  assert.equal(last?.state === 'known' && last.facts.domain, 'allowed0.test')
  assert.deepEqual(last?.state === 'known' && last.held, [0, 1, pieces.length - 1])
  assert.equal(inspection.counters().read, pieces.length - 3)
})

suite('a client whose octets are not this host’s', () => {
  const say = async (more: Partial<Segment>): Promise<Pushed<string>> =>
    new HandshakeInspection<string>(null).push('a', client(await clientHello('allowed0.test'), more), 0)

  test('is read from where its server says that they begin', async () => {
    assert.equal(facts(await say({ first: SEQ })).domain, 'allowed0.test')
  })

  test('has no name while its server has not said so', async () => {
    const said = await say({ first: null })
    assert.deepEqual(facts(said), { protocol: 'other', domain: null })
    assert.equal(said.state === 'known' && said.facts.problem, 'conflicting-octets')
  })

  test('has none with octets that begin elsewhere than before', async () => {
    const inspection = new HandshakeInspection<string>(null)
    const hello = await clientHello('allowed0.test')
    const behind = { seq: SEQ + 100, held: 1 }
    assert.equal(inspection.push('a', client(hello, { ...behind, first: SEQ }), 0).state, 'waits')
    const pushed = inspection.push('a', client(hello, { ...behind, first: SEQ + 100, held: 2 }), 0)
    assert.equal(pushed.state === 'known' && pushed.facts.problem, 'conflicting-octets')
    assert.deepEqual(pushed.state === 'known' && pushed.held, [1, 2])
  })
})
