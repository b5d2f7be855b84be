import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePrefix, type Prefix } from '@sallyport/net'
import { cookieOf, cookieOption, ednsOf, RCODE, type Message } from '@sallyport/wire'
import { ClientGate } from '../../src/listen/client-gate.ts'
import { startForwarder } from '../../src/start-forwarder.ts'
import { ServerCookies } from '../../src/listen/server-cookie.ts'
import { askTcp, askUdp, errorsIn, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'
import { output } from '../real-server.fixture.ts'

const prefix = (text: string): Prefix => parsePrefix(text) as Prefix
const CLIENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const cookieIn = (message: Message) => {
  const edns = ednsOf(message)
  assert.ok(edns !== null && edns !== 'bad')
  const cookie = cookieOf(edns.options)
  assert.ok(cookie !== null && cookie !== 'bad')
  return cookie
}
const withCookie = (server: Uint8Array): Message => question('a.example', 1, [cookieOption({ client: CLIENT, server })])
const upstreamOf = () => loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))

test('an address that is no client gets REFUSED, over UDP and TCP, and nothing is asked for it', async () => {
  await using upstream = await upstreamOf()
  await using forwarder = await observedForwarder([upstream], { clients: [prefix('192.0.2.0/24')] })
  const server = forwarder.endpoints[0]!
  for (const answer of [
    await askUdp(server, question('a.example')),
    (await askTcp(server, question('a.example')))[0]!,
  ]) {
    assert.deepEqual([answer.header.rcode, errorsIn(answer)[0]?.code], [RCODE.REFUSED, 18])
  }
  assert.deepEqual([upstream.queries.length, forwarder.counters().clientsRefused], [0, 2])
})

test('the same holds on the hot path', async () => {
  await using forwarder = await startForwarder({
    listen: [{ address: '127.0.0.1', port: 0 }],
    upstreams: [],
    bind: () => {},
    refusal: { kind: 'refused' },
    clients: [prefix('127.0.0.2/32')],
    nameSets: { findWire: () => 1, generation: () => 1 },
    judge: () => ({ verdict: 'deny', rule: 'no-c2', explain: '' }),
  })
  const { port } = forwarder.endpoints[0]!
  const dig = (from: string) => output('dig', '@127.0.0.1', '-p', String(port), '-b', from, '+nocookie', 'a.example')
  for (let time = 0; time < 2; time++) {
    assert.match(await dig('127.0.0.2'), /rule no-c2/)
    assert.match(await dig('127.0.0.1'), /this address is not served/)
  }
  const { clientsRefused, refused } = forwarder.counters()
  assert.deepEqual([clientsRefused, refused], [2, 2])
})

test('over its rate a client is sent to TCP or nowhere; with a cookie it is told', async () => {
  await using upstream = await upstreamOf()
  await using forwarder = await observedForwarder([upstream], { clientRate: { perSecond: 0.001, burst: 2 } })
  const server = forwarder.endpoints[0]!
  const first = await askUdp(server, withCookie(new Uint8Array(0)))
  const { server: given } = cookieIn(first)
  await askUdp(server, question('a.example'))
  const told = await askUdp(server, withCookie(given))
  assert.deepEqual([told.header.rcode, errorsIn(told)[0]?.text], [RCODE.REFUSED, 'too many queries from this client'])
  const unproven = await output(
    'dig',
    '@127.0.0.1',
    '-p',
    `${server.port}`,
    '+tries=3',
    '+time=1',
    '+nocookie',
    '+ignore',
    'a.example',
  )
  assert.match(unproven, /flags: qr tc/)
  assert.ok(forwarder.counters().queriesRateLimited >= 3)
})

test('a rate is that of a network: an IPv4 address, or 56 bits of IPv6; it fills up again', () => {
  let nowMs = 0
  const gate = new ClientGate(null, { perSecond: 10, burst: 3 }, () => nowMs)
  const admitted = (address: string): number =>
    Array.from({ length: 5 }, () => gate.admit(address)).filter((one) => one === 'admitted').length
  assert.deepEqual([admitted('192.0.2.1'), admitted('192.0.2.2'), admitted('::ffff:192.0.2.2')], [3, 3, 0])
  assert.deepEqual([admitted('2001:db8::1'), admitted('2001:db8:0:ff::1'), admitted('2001:db8:0:100::1')], [3, 0, 3])
  nowMs = 200
  assert.equal(admitted('192.0.2.1'), 2)
})

test('dig gets a cookie, and sends it back; one of another address, or changed, is not good', async () => {
  await using upstream = await upstreamOf()
  await using forwarder = await observedForwarder([upstream])
  const { port } = forwarder.endpoints[0]!
  assert.match(
    await output('dig', '@127.0.0.1', '-p', String(port), '+cookie', 'a.example'),
    /; COOKIE: [0-9a-f]{48} \(good\)/,
  )
  let now = 1_000_000
  const cookies = new ServerCookies(() => now)
  const made = cookies.option({ client: CLIENT, server: new Uint8Array(0) }, '192.0.2.1')
  const cookie = cookieOf([made])
  assert.ok(cookie !== null && cookie !== 'bad')
  assert.equal(cookies.isGood(cookie, '192.0.2.1'), true)
  assert.equal(cookies.isGood(cookie, '192.0.2.2'), false)
  assert.equal(cookies.isGood({ ...cookie, client: new Uint8Array(8) }, '192.0.2.1'), false)
  assert.equal(cookies.isGood({ ...cookie, server: cookie.server.with(9, cookie.server[9]! ^ 1) }, '192.0.2.1'), false)
  assert.deepEqual(cookies.option(cookie, '192.0.2.1'), made)
  now += 1801
  assert.notDeepEqual(cookies.option(cookie, '192.0.2.1'), made)
  now += 1800
  assert.equal(cookies.isGood(cookie, '192.0.2.1'), false)
})

test('a cookie of a length that no cookie has is FORMERR (RFC 7873 §5.2.2)', async () => {
  await using upstream = await upstreamOf()
  await using forwarder = await observedForwarder([upstream])
  const answer = await askUdp(
    forwarder.endpoints[0]!,
    question('a.example', 1, [{ code: 10, value: new Uint8Array(12) }]),
  )
  assert.equal(answer.header.rcode, RCODE.FORMERR)
})
