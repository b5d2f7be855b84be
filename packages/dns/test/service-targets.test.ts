import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DomainName } from '@sallyport/net'
import { RCODE, TYPE, wireName, type Message, type SvcParam } from '@sallyport/wire'
import { Counters } from '../src/counters.ts'
import type { NameQuery, NameVerdict } from '../src/options.ts'
import { ServiceTargets } from '../src/service-targets.ts'
import { addressesIn, askUdp, question } from './loopback-client.fixture.ts'
import { ALLOW, DENY, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, record, respond, type LoopbackUpstream } from './loopback-upstream.fixture.ts'

const alpn: SvcParam = { kind: 'alpn', protocols: ['h2'] }
const hint: SvcParam = { kind: 'ipv4hint', addresses: [Uint8Array.of(192, 0, 2, 8)] }
/** Without parameters it is an alias (RFC 9460 §2.4.2). */
const https = (name: string, target: string, ...params: SvcParam[]) =>
  record(name, TYPE.HTTPS, 60, {
    kind: 'svcb',
    priority: Math.min(1, params.length),
    target: wireName(target)!,
    params,
  })
const NO_RULE: NameVerdict = { verdict: 'deny', rule: null, explain: 'no rule allows it' }
/** Only shop.example is allowed, and evil.example is denied by a rule. */
const judge = ({ name }: NameQuery): NameVerdict =>
  name === 'shop.example' ? ALLOW : name === 'evil.example' ? DENY : NO_RULE
const judgeAlias = (_: NameQuery, alias: DomainName): NameVerdict => (alias === 'evil.example' ? DENY : ALLOW)

const SHOP = https('shop.example', 'pool.cdn.example', alpn)

function upstreamOf(...services: ReturnType<typeof https>[]): Promise<LoopbackUpstream> {
  return loopbackUpstream((query) => {
    const [asked] = query.questions
    const name = asked!.name.labels.join('.').toLowerCase()
    if (asked!.type === TYPE.HTTPS)
      return respond(query, ...services.filter((each) => each.name.labels.join('.') === name))
    return respond(query, a('pool.cdn.example', '192.0.2.7'), a('next.cdn.example', '192.0.2.9'))
  })
}
const ask = (server: { endpoints: readonly { address: string; port: number }[] }, name: string, type: number) =>
  askUdp(server.endpoints[0]!, question(name, type))
const rcode = ({ header }: Message): number => header.rcode

test('the host that an HTTPS record leads to is answered, and its addresses are bound to the name that led there', async () => {
  await using upstream = await upstreamOf(SHOP)
  await using forwarder = await observedForwarder([upstream], { judge, judgeAlias })
  assert.equal(rcode(await ask(forwarder, 'pool.cdn.example', TYPE.A)), RCODE.REFUSED)
  assert.equal(upstream.queries.length, 0)
  assert.equal((await ask(forwarder, 'shop.example', TYPE.HTTPS)).answers.length, 1)
  assert.deepEqual(addressesIn(await ask(forwarder, 'pool.cdn.example', TYPE.A)), ['192.0.2.7'])
  assert.deepEqual(forwarder.bound, ['shop.example 192.0.2.7 300'])
  assert.match(forwarder.records.at(-1)!.verdict!.explain, /^shop\.example leads to pool\.cdn\.example/)
  // What a client of the service does not ask for stays refused: a name can carry data by its type, too.
  assert.equal(rcode(await ask(forwarder, 'pool.cdn.example', TYPE.TXT)), RCODE.REFUSED)
  assert.equal(rcode(await ask(forwarder, 'x.pool.cdn.example', TYPE.A)), RCODE.REFUSED)
})

test('a host that is allowed by itself is bound to both names', async () => {
  await using upstream = await upstreamOf(SHOP)
  await using forwarder = await observedForwarder([upstream])
  await ask(forwarder, 'shop.example', TYPE.HTTPS)
  await ask(forwarder, 'pool.cdn.example', TYPE.A)
  assert.deepEqual(forwarder.bound, ['pool.cdn.example 192.0.2.7 300', 'shop.example 192.0.2.7 300'])
})

test('a host that leads on to another one is followed for the name that was meant', async () => {
  await using upstream = await upstreamOf(
    https('shop.example', 'pool.cdn.example'),
    https('pool.cdn.example', 'next.cdn.example', alpn),
  )
  await using forwarder = await observedForwarder([upstream], { judge, judgeAlias })
  await ask(forwarder, 'shop.example', TYPE.HTTPS)
  await ask(forwarder, 'pool.cdn.example', TYPE.HTTPS)
  assert.deepEqual(addressesIn(await ask(forwarder, 'next.cdn.example', TYPE.A)), ['192.0.2.9'])
  assert.deepEqual(forwarder.bound, ['shop.example 192.0.2.9 300'])
})

test('a record whose host a rule denies is left out with its hints, and leads nowhere', async () => {
  await using upstream = await upstreamOf(SHOP, https('shop.example', 'evil.example', alpn, hint))
  await using forwarder = await observedForwarder([upstream], { judge, judgeAlias })
  const { answers } = await ask(forwarder, 'shop.example', TYPE.HTTPS)
  assert.deepEqual(
    answers.map(({ data }) => data.kind === 'svcb' && data.target.labels.join('.')),
    ['pool.cdn.example'],
  )
  assert.deepEqual(forwarder.bound, [])
  assert.equal(rcode(await ask(forwarder, 'evil.example', TYPE.A)), RCODE.REFUSED)
})

test('the addresses of such a host are judged for the name that led there', async () => {
  await using upstream = await upstreamOf(SHOP)
  const judged: string[] = []
  await using forwarder = await observedForwarder([upstream], {
    judge,
    judgeAlias,
    judgeAnswer: ({ name }) => {
      judged.push(name)
      return DENY
    },
  })
  await ask(forwarder, 'shop.example', TYPE.HTTPS)
  assert.equal(rcode(await ask(forwarder, 'pool.cdn.example', TYPE.A)), RCODE.REFUSED)
  assert.deepEqual([judged, forwarder.bound], [['shop.example'], []])
})

test('a client that may not reach the name is not led on by it', async () => {
  await using upstream = await upstreamOf(SHOP)
  let allowed = true
  await using forwarder = await observedForwarder([upstream], {
    judge: (query) => (allowed ? judge(query) : NO_RULE),
    judgeAlias,
  })
  await ask(forwarder, 'shop.example', TYPE.HTTPS)
  allowed = false
  assert.equal(rcode(await ask(forwarder, 'pool.cdn.example', TYPE.A)), RCODE.REFUSED)
})

test('targets are forgotten in time; hosts and names are bounded, the oldest go first, and are counted', () => {
  const clock = { seconds: 0 }
  const counters = new Counters()
  const targets = new ServiceTargets(counters, () => clock.seconds * 1000)
  const name = (text: string) => text as DomainName
  targets.note(name('pool'), [name('a'), name('pool')], 300)
  const before = targets.generation
  clock.seconds = 299
  assert.deepEqual(targets.namesOf(name('pool')), ['a'])
  targets.note(name('pool'), [name('a')], 10)
  assert.equal(targets.generation, before)
  clock.seconds = 309
  assert.deepEqual(targets.namesOf(name('pool')), [])
  targets.note(name('pool'), [name('a')], 10)
  assert.notEqual(targets.generation, before)
  targets.note(
    name('pool'),
    Array.from({ length: 64 }, (_, at) => name(`n${at}`)),
    10,
  )
  assert.equal(targets.namesOf(name('pool')).includes(name('a')), false)
  for (let at = 0; at < 4096; at++) targets.note(name(`t${at}`), [name('a')], 10)
  assert.deepEqual(targets.namesOf(name('pool')), [])
  assert.equal(counters.values().serviceTargetsForgotten, 2)
})

test('the record of a service on another port is judged by the host, and its hints are bound to the host', async () => {
  const owner = '_8443._https.shop.example'
  await using upstream = await upstreamOf(
    https(owner, 'shop.example', alpn, hint),
    https(`_443._https.evil.example`, '.', alpn, hint),
  )
  await using forwarder = await observedForwarder([upstream], { judge, judgeAlias })
  assert.equal((await ask(forwarder, owner, TYPE.HTTPS)).answers.length, 1)
  assert.deepEqual(forwarder.bound, ['shop.example 192.0.2.8 300'])
  assert.equal(forwarder.records.at(-1)!.name, owner, 'the log has what was asked for')
  const before = upstream.queries.length
  for (const refused of [
    '_443._https.evil.example',
    '_8443._https.other.example',
    '_x._https.shop.example',
    '_https.shop.example',
  ])
    assert.equal(rcode(await ask(forwarder, refused, TYPE.HTTPS)), RCODE.REFUSED, refused)
  assert.equal(rcode(await ask(forwarder, owner, TYPE.TXT)), RCODE.REFUSED, 'other types carry other things')
  assert.equal(upstream.queries.length, before)
})

test('where such a record stays at its own name, that name is asked about next, for the host', async () => {
  const owner = '_8443._https.shop.example'
  await using upstream = await loopbackUpstream((query) =>
    query.questions[0]!.type === TYPE.HTTPS
      ? respond(query, https(owner, '.', alpn))
      : respond(query, a(owner, '192.0.2.5')),
  )
  await using forwarder = await observedForwarder([upstream], { judge, judgeAlias })
  assert.equal(rcode(await ask(forwarder, owner, TYPE.A)), RCODE.REFUSED)
  assert.equal((await ask(forwarder, owner, TYPE.HTTPS)).answers.length, 1)
  assert.deepEqual(addressesIn(await ask(forwarder, owner, TYPE.A)), ['192.0.2.5'])
  assert.deepEqual(forwarder.bound, ['shop.example 192.0.2.5 300'])
})
