import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDomainName } from '@sallyport/net'
import { RCODE, TYPE, wireName, type Message } from '@sallyport/wire'
import type { UpstreamState } from '../../src/options.ts'
import { addressesIn, askUdp, question } from '../loopback-client.fixture.ts'
import { observedForwarder, SHORT_TIMEOUTS } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, record, respond } from '../loopback-upstream.fixture.ts'
import { dnsmasq, unbound } from '../real-server.fixture.ts'

const answering = (address: string) => (query: Message) =>
  respond(query, a(query.questions[0]!.name.labels.join('.').toLowerCase(), address))
const corp = parseDomainName('corp.example')!

test('in order, the second server is asked when the first fails, and the first again once it has rested', async () => {
  let silent = true
  await using first = await loopbackUpstream((query) => (silent ? null : answering('192.0.2.1')(query)))
  await using second = await loopbackUpstream(answering('192.0.2.2'))
  const states: UpstreamState[] = []
  await using forwarder = await observedForwarder([first, second], {
    limits: { cacheEntries: 0 },
    onUpstream: (state) => states.push(state),
    timeouts: SHORT_TIMEOUTS,
  })
  const server = forwarder.endpoints[0]!
  const asked = async (): Promise<string[]> => addressesIn(await askUdp(server, question('a.example')))
  for (let at = 0; at < 5; at++) assert.deepEqual(await asked(), ['192.0.2.2'])
  // Down after two: the others did not wait for it.
  assert.equal(first.queries.length, 2)
  silent = false
  for (let at = 0; at < 100 && (await asked())[0] !== '192.0.2.1'; at++)
    await new Promise((next) => setTimeout(next, 50))
  assert.deepEqual(await asked(), ['192.0.2.1'])
  assert.deepEqual(
    states.map(({ up, reason }) => [up, reason]),
    [
      [false, 'timeout'],
      [true, null],
    ],
  )
})

test('in parallel, the first answer counts, and one that is an error does not', async () => {
  await using silent = await loopbackUpstream(() => null)
  await using broken = await loopbackUpstream((query) => ({
    ...respond(query),
    header: { ...respond(query).header, rcode: RCODE.SERVFAIL },
  }))
  await using good = await loopbackUpstream(answering('192.0.2.3'))
  await using forwarder = await observedForwarder([silent, broken, good], {
    strategy: 'parallel',
    limits: { cacheEntries: 0 },
    timeouts: { attemptMs: 5000, totalMs: 8000 },
  })
  for (let at = 0; at < 3; at++) {
    assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.3'])
  }
  assert.equal(forwarder.counters().upstreamTimeouts, 0)
})

test('names of a domain with servers of its own are asked there, and nowhere else when these fail', async () => {
  await using outside = await unbound('local-zone: "example." static', 'local-data: "www.example. A 192.0.2.9"')
  await using inside = await dnsmasq('--address=/corp.example/10.1.2.3')
  await using lost = await loopbackUpstream(() => null)
  await using outsideHeard = await loopbackUpstream(answering('192.0.2.66'))
  await using forwarder = await observedForwarder([], {
    upstreams: [outside.endpoint],
    routes: [{ domains: [corp], servers: [inside.endpoint] }],
    timeouts: { attemptMs: 1500, totalMs: 3000 },
  })
  const server = forwarder.endpoints[0]!
  assert.deepEqual(addressesIn(await askUdp(server, question('a.corp.example'))), ['10.1.2.3'])
  assert.deepEqual(addressesIn(await askUdp(server, question('www.example'))), ['192.0.2.9'])
  await using failing = await observedForwarder([outsideHeard], {
    routes: [{ domains: [corp], servers: [lost.endpoint] }],
    timeouts: SHORT_TIMEOUTS,
  })
  assert.equal((await askUdp(failing.endpoints[0]!, question('secret.corp.example'))).header.rcode, RCODE.SERVFAIL)
  assert.equal(outsideHeard.queries.length, 0)
  assert.deepEqual(addressesIn(await askUdp(failing.endpoints[0]!, question('notcorp.example'))), ['192.0.2.66'])
})

test('a lame server, which refers to others or refuses, is passed over', async () => {
  const referral = (query: Message): Message => {
    const empty = respond(query)
    const servers = record('example', TYPE.NS, 60, { kind: 'name', name: wireName('ns.example')! })
    return { ...empty, header: { ...empty.header, recursionAvailable: false }, authorities: [servers] }
  }
  const refused = (query: Message): Message => ({
    ...respond(query),
    header: { ...respond(query).header, rcode: RCODE.REFUSED },
  })
  for (const lame of [referral, refused]) {
    await using first = await loopbackUpstream(lame)
    await using second = await loopbackUpstream(answering('192.0.2.2'))
    await using forwarder = await observedForwarder([first, second])
    assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.2'])
  }
})
