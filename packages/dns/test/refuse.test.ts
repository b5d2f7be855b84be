import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { parseAddress } from '@sallyport/net'
import { RCODE, TYPE, type Refusal } from '@sallyport/wire'
import { addressesIn, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { ALLOW, DENY, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from './loopback-upstream.fixture.ts'

const run = promisify(execFile)
const hasDig = await run('dig', ['-v']).then(
  () => true,
  () => false,
)

test('a denied name is not looked up', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream], { judge: () => DENY })
  const answer = await askUdp(forwarder.endpoints[0]!, question('secret.evil.example'))
  assert.equal(answer.header.rcode, RCODE.REFUSED)
  assert.deepEqual(errorsIn(answer), [{ code: 15, text: 'rule no-c2' }])
  assert.equal(upstream.queries.length, 0)
  assert.deepEqual(forwarder.bound, [])
})

test('names are judged in lower case; a dot inside a label makes no subdomain', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query))
  const judged: string[] = []
  await using forwarder = await observedForwarder([upstream], {
    judge: ({ name }) => {
      judged.push(name)
      return ALLOW
    },
  })
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('_DMARC.Example.COM'))
  await askUdp(server, question('evil\\046github.com'))
  await askUdp(server, question('1.2.0.192.IN-ADDR.arpa', TYPE.PTR))
  assert.deepEqual(judged, ['_dmarc.example.com', 'evil\\046github.com', '1.2.0.192.in-addr.arpa'])
})

test('a judge that fails or hangs lets nothing through', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream], {
    judge: ({ name }) => {
      if (name === 'a.example') throw new Error('no policy')
      return new Promise(() => {})
    },
    timeouts: { decisionMs: 50 },
  })
  for (const name of ['a.example', 'b.example']) {
    assert.equal((await askUdp(forwarder.endpoints[0]!, question(name))).header.rcode, RCODE.SERVFAIL)
  }
  assert.equal(upstream.queries.length, 0)
  assert.equal(forwarder.counters().judgeFailures, 2)
})

test('what is no query gets its response code', async () => {
  await using forwarder = await observedForwarder([])
  const server = forwarder.endpoints[0]!
  const query = question('a.example')
  const rcode = async (message: typeof query | Uint8Array): Promise<number> =>
    (await askUdp(server, message)).header.rcode
  assert.equal(await rcode({ ...query, header: { ...query.header, opcode: 5 } }), RCODE.NOTIMP)
  assert.equal(await rcode({ ...query, questions: [...query.questions, ...query.questions] }), RCODE.FORMERR)
  assert.equal(await rcode({ ...query, questions: [] }), RCODE.FORMERR)
  assert.equal(await rcode(question('a.example', TYPE.AXFR)), RCODE.NOTIMP)
  assert.equal(await rcode(Uint8Array.of(1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12)), RCODE.FORMERR)
  assert.equal(forwarder.counters().invalid, 5)
})

const SEEN_BY_DIG = {
  refused: { status: 'REFUSED', short: '' },
  nxdomain: { status: 'NXDOMAIN', short: '' },
  nodata: { status: 'NOERROR', short: '' },
  zero: { status: 'NOERROR', short: '0.0.0.0' },
  address: { status: 'NOERROR', short: '192.0.2.80' },
} as const

const PAGE = [parseAddress('192.0.2.80')!, parseAddress('2001:db8::80')!]

for (const style of ['refused', 'nxdomain', 'nodata', 'zero', 'address'] as const) {
  test(`dig sees ${style} with the rule`, { skip: !hasDig }, async () => {
    const refusal: Refusal = style === 'address' ? { kind: style, addresses: PAGE } : { kind: style }
    await using forwarder = await observedForwarder([], { judge: () => DENY, refusal })
    const { port } = forwarder.endpoints[0]!
    for (const transport of ['+notcp', '+tcp']) {
      const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(port), transport, 'evil.example', 'A'])
      assert.match(stdout, new RegExp(`status: ${SEEN_BY_DIG[style].status}`))
      assert.match(stdout, /EDE: 15 \(Blocked\): \(rule no-c2\)/)
    }
    const answer = await askUdp(forwarder.endpoints[0]!, question('evil.example'))
    assert.equal(addressesIn(answer).join(), SEEN_BY_DIG[style].short)
  })
}

test('dig sees an answer', { skip: !hasDig }, async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream])
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(forwarder.endpoints[0]!.port), '+short', 'a.example'])
  assert.equal(stdout, '192.0.2.1\n')
})
