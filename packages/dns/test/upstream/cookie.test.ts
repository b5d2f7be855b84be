import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieOf, cookieOption, ednsOf, optRecord, type Message } from '@sallyport/wire'
import { addressesIn, askUdp, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'

const SERVER = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const cookieIn = (message: Message) => {
  const edns = ednsOf(message)
  const cookie = edns === null || edns === 'bad' ? null : cookieOf(edns.options)
  return cookie === 'bad' ? null : cookie
}
const withCookie = (message: Message, client: Uint8Array, extendedRcode = 0): Message => ({
  ...message,
  additionals: [
    optRecord({
      udpSize: 1232,
      extendedRcode,
      version: 0,
      dnssecOk: false,
      options: [cookieOption({ client, server: SERVER })],
    }),
  ],
})
const good = (query: Message): Message => respond(query, a('a.example', '192.0.2.1'))
const evil = (query: Message): Message => respond(query, a('a.example', '192.0.2.66'))

test('an answer that repeats another cookie than ours is passed over', async () => {
  await using upstream = await loopbackUpstream((query) => [
    withCookie(evil(query), new Uint8Array(8)),
    withCookie(good(query), cookieIn(query)!.client),
  ])
  await using forwarder = await observedForwarder([upstream])
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  assert.equal(forwarder.counters().upstreamMismatches, 1)
})

test('once a server sends cookies, an answer without one is asked again over TCP', async () => {
  let answers = 0
  await using upstream = await loopbackUpstream((query, transport) => {
    answers++
    if (transport === 'udp' && answers > 1) return evil(query)
    return withCookie(good(query), cookieIn(query)?.client ?? new Uint8Array(8))
  })
  await using forwarder = await observedForwarder([upstream], { limits: { cacheEntries: 0 } })
  for (let at = 0; at < 2; at++) {
    assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  }
  assert.deepEqual([...cookieIn(upstream.queries[1]!)!.server], [...SERVER])
  assert.equal(forwarder.counters().upstreamCookieMismatches, 1)
})

test('BADCOOKIE is asked again with the cookie that came with it', async () => {
  await using upstream = await loopbackUpstream((query) => {
    const cookie = cookieIn(query)!
    if (cookie.server.length > 0) return withCookie(good(query), cookie.client)
    const refused = withCookie(respond(query), cookie.client, 1)
    return { ...refused, header: { ...refused.header, rcode: 7 } }
  })
  await using forwarder = await observedForwarder([upstream])
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
})
