import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ednsOf, type Message } from '@sallyport/wire'
import type { ForwarderOptions } from '../src/options.ts'
import { observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from './loopback-upstream.fixture.ts'
import { output } from './real-server.fixture.ts'

const MANY = Array.from({ length: 60 }, (_, at) => a('many.example', `192.0.2.${at}`))
const LARGE = Array.from({ length: 90 }, (_, at) => a('large.example', `192.0.2.${at}`))

/** What dig says, and what the server behind the resolver was sent. */
async function dug(args: readonly string[], options: Partial<ForwarderOptions> = {}) {
  await using upstream = await loopbackUpstream((query) =>
    respond(query, a('a.example', '192.0.2.1'), ...MANY, ...LARGE),
  )
  await using forwarder = await observedForwarder([upstream], options)
  const to = ['@127.0.0.1', '-p', String(forwarder.endpoints[0]!.port), '+tries=1', '+time=5', '+ignore']
  return { said: await output('dig', ...to, ...args), sent: upstream.queries }
}
const optionsOf = (query: Message): readonly number[] => {
  const edns = ednsOf(query)
  assert.ok(edns !== null && edns !== 'bad')
  return edns.options.map(({ code }) => code)
}

test('a later version of EDNS is answered with the one that is known (RFC 6891 §6.1.3)', async () => {
  const { said, sent } = await dug(['+edns=1', '+noednsneg', 'a.example'])
  assert.match(said, /status: BADVERS[^]*EDNS: version: 0/)
  assert.equal(sent.length, 0)
})

test('a client without EDNS gets none, and no more than 512 octets over UDP', async () => {
  const { said } = await dug(['+noedns', 'a.example'])
  assert.match(said, /status: NOERROR/)
  assert.doesNotMatch(said, /EDNS/)
  assert.match((await dug(['+noedns', 'many.example'])).said, /flags:[^;]* tc/)
})

test('an answer over UDP is as long as the client takes, and never over 1232 octets', async () => {
  assert.match((await dug(['+bufsize=4096', 'many.example'])).said, /ANSWER: 60,[^]*udp: 1232/)
  assert.match((await dug(['+bufsize=512', 'many.example'])).said, /flags:[^;]* tc/)
  assert.match((await dug(['+bufsize=4096', 'large.example'])).said, /flags:[^;]* tc/)
})

test('neither the network of the client nor any other option of its query goes on (RFC 7871 §11.1)', async () => {
  for (const option of [
    '+subnet=192.0.2.0/24',
    '+ednsopt=65001:c0ffee',
    '+nsid',
    '+expire',
    '+keepalive',
    '+padding=64',
  ]) {
    const { said, sent } = await dug([option, '+nocookie', 'a.example'])
    assert.match(said, /status: NOERROR[^]*192\.0\.2\.1/, option)
    // The resolver's own cookie is there.
    assert.deepEqual(sent.flatMap(optionsOf), [10], option)
    assert.doesNotMatch(said, /^; (CLIENT-SUBNET|NSID|OPT=|EXPIRE)/m, option)
  }
})
