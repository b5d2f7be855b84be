import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBytes, formatAddress, parseAddress } from '@sallyport/net'
import { RCODE, TYPE } from '@sallyport/wire'
import { addressesIn, askTcp, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { ALLOW, DENY, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, cname, loopbackUpstream, record, respond } from './loopback-upstream.fixture.ts'
import { isPrivateAddress } from '../src/private-address.ts'

test('an answer keeps the spelling of the question and binds with the floor', async () => {
  await using upstream = await loopbackUpstream((query) =>
    respond(query, { ...a('x', '192.0.2.1'), name: query.questions[0]!.name }),
  )
  await using forwarder = await observedForwarder([upstream])
  const answer = await askUdp(forwarder.endpoints[0]!, question('wWw.Example.com'))
  assert.deepEqual(answer.answers[0]!.name.labels, ['wWw', 'Example', 'com'])
  assert.deepEqual(answer.questions[0]!.name.labels, ['wWw', 'Example', 'com'])
  assert.deepEqual(forwarder.bound, ['www.example.com 192.0.2.1 300'])
  assert.equal(forwarder.records[0]!.outcome, 'answered')
  assert.equal(upstream.queries.length, 1)
})

test('over TCP and IPv6, several queries in one connection', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')), '::1')
  await using forwarder = await observedForwarder([upstream], { listen: [{ address: '::1', port: 0 }] })
  const answers = await askTcp(
    forwarder.endpoints[0]!,
    question('a.example'),
    question('b.example'),
    question('a.example'),
  )
  assert.equal(answers.length, 3)
  assert.equal(forwarder.records[0]!.client.address, '::1')
  // a.example is no answer to b.example
  assert.deepEqual(answers.map((answer) => addressesIn(answer).length).sort(), [0, 1, 1])
})

test('a CNAME chain binds to the name asked for; records beside it are left out', async () => {
  const records = [
    cname('www.example.com', 'cdn.example.net'),
    cname('cdn.example.net', 'e1.example.org'),
    a('e1.example.org', '192.0.2.9', 900),
    a('bank.example', '192.0.2.66'),
  ]
  await using upstream = await loopbackUpstream((query) => respond(query, ...records))
  await using forwarder = await observedForwarder([upstream])
  const answer = await askUdp(forwarder.endpoints[0]!, question('www.example.com'))
  assert.deepEqual(addressesIn(answer), ['192.0.2.9'])
  assert.deepEqual(forwarder.bound, ['www.example.com 192.0.2.9 900'])
  assert.deepEqual(forwarder.records[0]!.chain, ['www.example.com', 'cdn.example.net', 'e1.example.org'])
})

test('hints of HTTPS records bind, and denied ones are left out', async () => {
  const address = (text: string): Uint8Array => addressBytes(parseAddress(text)!)
  const data = {
    kind: 'svcb' as const,
    priority: 1,
    target: { labels: [] },
    params: [
      { kind: 'alpn' as const, protocols: ['h2'] },
      { kind: 'ipv4hint' as const, addresses: [Uint8Array.of(192, 0, 2, 1), Uint8Array.of(10, 0, 0, 1)] },
      { kind: 'ipv6hint' as const, addresses: [address('2001:db8::1')] },
    ],
  }
  await using upstream = await loopbackUpstream((query) => respond(query, record('w.example', TYPE.HTTPS, 60, data)))
  await using forwarder = await observedForwarder([upstream], {
    judgeAnswer: (_, found) => (isPrivateAddress(found) ? DENY : ALLOW),
  })
  const answer = await askUdp(forwarder.endpoints[0]!, question('w.example', TYPE.HTTPS))
  assert.deepEqual(forwarder.bound, ['w.example 192.0.2.1 300', 'w.example 2001:db8::1 300'])
  const [first] = answer.answers
  assert.ok(first?.data.kind === 'svcb')
  assert.deepEqual(first.data.params[1], { kind: 'ipv4hint', addresses: [Uint8Array.of(192, 0, 2, 1)] })
})

test('the binding is done before the answer leaves; when it fails, no answer leaves', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  const order: string[] = []
  let works = true
  await using forwarder = await observedForwarder([upstream], {
    bind: () => {
      order.push('bound')
      if (!works) throw new Error('map is full')
    },
  })
  await askUdp(forwarder.endpoints[0]!, question('a.example'))
  order.push('answered')
  assert.deepEqual(order, ['bound', 'answered'])
  works = false
  const failed = await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.equal(failed.header.rcode, RCODE.SERVFAIL)
  assert.deepEqual(failed.answers, [])
  assert.equal(forwarder.counters().bindFailures, 1)
})

test('an answer from the cache binds again', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream])
  await askUdp(forwarder.endpoints[0]!, question('a.example'))
  const again = await askUdp(forwarder.endpoints[0]!, question('A.example'))
  assert.deepEqual(again.answers[0]!.name.labels, ['A', 'example'])
  assert.equal(upstream.queries.length, 1)
  assert.equal(forwarder.bound.length, 2)
  assert.equal(forwarder.counters().cacheHits, 1)
})

test('rebinding: denied addresses are dropped, and without any left the query is refused', async () => {
  const both = [a('a.example', '192.0.2.1'), a('a.example', '127.0.0.1')]
  await using upstream = await loopbackUpstream((query) =>
    respond(
      query,
      ...(query.questions[0]!.name.labels[0]!.toLowerCase() === 'a' ? both : [a('b.example', '10.1.1.1')]),
    ),
  )
  const seen: string[] = []
  await using forwarder = await observedForwarder([upstream], {
    judgeAnswer: (_, address) => {
      seen.push(formatAddress(address))
      return isPrivateAddress(address) ? DENY : ALLOW
    },
  })
  assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  const refused = await askUdp(forwarder.endpoints[0]!, question('b.example'))
  assert.equal(refused.header.rcode, RCODE.REFUSED)
  assert.deepEqual(errorsIn(refused), [{ code: 15, text: 'rule no-c2' }])
  assert.deepEqual(forwarder.bound, ['a.example 192.0.2.1 300'])
  assert.deepEqual(seen, ['192.0.2.1', '127.0.0.1', '10.1.1.1'])
})
