import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDomainName, parsePrefix, type Prefix } from '@sallyport/net'
import { RCODE, TYPE } from '@sallyport/wire'
import { parseTrustAnchors, type TrustAnchor } from '../src/validate/trust-anchors.ts'
import { addressesIn, askTcp, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { startForwarder, type Forwarder } from '../src/start-forwarder.ts'
import { ALLOW, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond, type LoopbackUpstream } from './loopback-upstream.fixture.ts'

const answering = (address: string) => loopbackUpstream((query) => respond(query, a('a.example', address)))
/** With the hot path, which is off while every query is heard of. */
const hotForwarder = (upstream: LoopbackUpstream): Promise<Forwarder> =>
  startForwarder({
    listen: [{ address: '127.0.0.1', port: 0 }],
    upstreams: [upstream.endpoint],
    judge: () => ALLOW,
    refusal: { kind: 'refused' },
    nameSets: { findWire: () => 1, generation: () => 'one policy' },
  })
const prefix = (text: string): Prefix => parsePrefix(text) as Prefix

test('other servers are asked from now on, and what the ones before said is forgotten', async () => {
  await using before = await answering('192.0.2.1')
  await using after = await answering('192.0.2.2')
  await using forwarder = await observedForwarder([before])
  const server = forwarder.endpoints[0]!
  assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.1'])
  forwarder.change({ upstreams: [after.endpoint] })
  assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.2'])
  assert.equal(before.queries.length, 1)
  forwarder.change({
    upstreams: [after.endpoint],
    routes: [{ domains: [parseDomainName('example')!], servers: [before.endpoint] }],
  })
  assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.1'])
})

test('the hot path forgets with the servers', async () => {
  await using before = await answering('192.0.2.1')
  await using after = await answering('192.0.2.2')
  await using forwarder = await hotForwarder(before)
  const server = forwarder.endpoints[0]!
  for (let time = 0; time < 4; time++) await askUdp(server, question('a.example'))
  forwarder.change({ upstreams: [after.endpoint] })
  for (let time = 0; time < 4; time++) {
    assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.2'])
  }
})

test('the same servers as before are no change: the cache stays', async () => {
  await using upstream = await answering('192.0.2.1')
  await using forwarder = await observedForwarder([upstream])
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('a.example'))
  forwarder.change({ upstreams: [{ ...upstream.endpoint }] })
  await askUdp(server, question('a.example'))
  assert.equal(upstream.queries.length, 1)
})

test('a query on its way to a server that is not asked any more gets its answer', async () => {
  const came = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  await using slow = await loopbackUpstream((query) => {
    came.resolve()
    return go.promise.then(() => respond(query, a('a.example', '192.0.2.1')))
  })
  await using other = await answering('192.0.2.2')
  await using forwarder = await observedForwarder([slow])
  const waiting = askUdp(forwarder.endpoints[0]!, question('a.example'))
  await came.promise
  forwarder.change({ upstreams: [other.endpoint] })
  go.resolve()
  assert.deepEqual(addressesIn(await waiting), ['192.0.2.1'])
})

test('clients and their rate change at once, also for those that asked before', async () => {
  await using upstream = await answering('192.0.2.1')
  for (const start of [() => observedForwarder([upstream]), () => hotForwarder(upstream)]) {
    await using forwarder = await start()
    const server = forwarder.endpoints[0]!
    const upstreams = [upstream.endpoint]
    const rcode = async (): Promise<number> => (await askUdp(server, question('a.example'))).header.rcode
    assert.equal(await rcode(), RCODE.NOERROR)
    forwarder.change({ upstreams, clients: [prefix('192.0.2.0/24')] })
    assert.equal(await rcode(), RCODE.REFUSED)
    forwarder.change({ upstreams, clients: [prefix('127.0.0.0/8')] })
    assert.equal(await rcode(), RCODE.NOERROR)
    forwarder.change({ upstreams, clientRate: { perSecond: 0.001, burst: 1 } })
    assert.equal(await rcode(), RCODE.NOERROR)
    const [turnedAway] = await askTcp(server, question('a.example'))
    assert.equal(turnedAway!.header.rcode, RCODE.REFUSED)
  }
})

test('what was not checked does not count once signatures are', async () => {
  await using upstream = await answering('192.0.2.1')
  await using forwarder = await observedForwarder([upstream])
  const server = forwarder.endpoints[0]!
  await askUdp(server, question('a.example', TYPE.A))
  const validate = parseTrustAnchors(`example. DS 1 13 2 ${'00'.repeat(32)}`) as readonly TrustAnchor[]
  forwarder.change({ upstreams: [upstream.endpoint], validate })
  const bogus = await askUdp(server, question('a.example', TYPE.A))
  assert.equal(bogus.header.rcode, RCODE.SERVFAIL)
  assert.ok(errorsIn(bogus).length > 0)
})
