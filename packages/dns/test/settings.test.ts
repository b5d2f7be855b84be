import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RCODE, TYPE, wireName, type Message, type SvcParam } from '@sallyport/wire'
import { DEFAULT_SETTINGS } from '../src/options.ts'
import { addressesIn, askUdp, errorsIn, question } from './loopback-client.fixture.ts'
import { DENY, observedForwarder } from './loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, record, respond } from './loopback-upstream.fixture.ts'

const https = (target: string, ...params: SvcParam[]) =>
  record('a.example', TYPE.HTTPS, 60, { kind: 'svcb', priority: 1, target: wireName(target)!, params })
const ech: SvcParam = { kind: 'ech', config: Uint8Array.of(1, 2, 3) }
const alpn: SvcParam = { kind: 'alpn', protocols: ['h2'] }
const hint: SvcParam = { kind: 'ipv4hint', addresses: [Uint8Array.of(192, 0, 2, 1)] }

test('a rule may have an Extended DNS Error of its own; others have 15', async () => {
  await using upstream = await loopbackUpstream(() => null)
  await using forwarder = await observedForwarder([upstream], {
    judge: ({ name }) => ({ ...DENY, rule: name === 'casino.example' ? 'no-gambling' : 'no-c2' }),
    settings: () => ({ ...DEFAULT_SETTINGS, errorCode: (rule) => (rule === 'no-gambling' ? 17 : null) }),
  })
  const ask = async (name: string) => errorsIn(await askUdp(forwarder.endpoints[0]!, question(name)))
  assert.deepEqual(await ask('casino.example'), [{ code: 17, text: 'rule no-gambling' }])
  assert.deepEqual(await ask('c2.example'), [{ code: 15, text: 'rule no-c2' }])
})

test('a type that is not answered is never asked about, and the name is not said to be missing', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream], {
    refusal: { kind: 'nxdomain' },
    settings: () => ({ ...DEFAULT_SETTINGS, types: new Set([TYPE.A]) }),
  })
  const server = forwarder.endpoints[0]!
  const refused = await askUdp(server, question('a.example', TYPE.TXT))
  assert.deepEqual([refused.header.rcode, refused.answers.length], [RCODE.NOERROR, 0])
  assert.deepEqual(errorsIn(refused), [{ code: 18, text: 'queries of type TXT are not answered' }])
  assert.equal(upstream.queries.length, 0)
  assert.equal(forwarder.records[0]!.outcome, 'refused')
  assert.deepEqual(addressesIn(await askUdp(server, question('a.example'))), ['192.0.2.1'])
})

test('names that are answered here are asked of nobody', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.66')))
  await using forwarder = await observedForwarder([upstream])
  const ask = (name: string, type: number = TYPE.A) => askUdp(forwarder.endpoints[0]!, question(name, type))
  for (const name of ['use-application-dns.net', 'mask.icloud.com', 'MASK-h2.icloud.com', 'x.onion', 'a.invalid']) {
    assert.equal((await ask(name)).header.rcode, RCODE.NXDOMAIN, name)
  }
  const designated = await ask('_dns.resolver.arpa', TYPE.SVCB)
  assert.deepEqual([designated.header.rcode, designated.answers.length], [RCODE.NOERROR, 0])
  assert.deepEqual(addressesIn(await ask('a.localhost')), ['127.0.0.1'])
  assert.deepEqual(addressesIn(await ask('localhost', TYPE.AAAA)), ['0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1'])
  assert.equal(upstream.queries.length, 0)
})

test('canary names are names like any other when the policy says so', async () => {
  await using upstream = await loopbackUpstream((query) => respond(query, a('use-application-dns.net', '192.0.2.1')))
  await using forwarder = await observedForwarder([upstream], {
    settings: () => ({ ...DEFAULT_SETTINGS, canaries: false }),
  })
  const answer = await askUdp(forwarder.endpoints[0]!, question('use-application-dns.net'))
  assert.deepEqual(addressesIn(answer), ['192.0.2.1'])
})

test('an address is bound for the floor or its time, whichever is longer, and the grace', async () => {
  await using upstream = await loopbackUpstream((query) =>
    respond(query, a('a.example', '192.0.2.1', 40), a('a.example', '192.0.2.2', 90)),
  )
  await using forwarder = await observedForwarder([upstream], {
    settings: () => ({ ...DEFAULT_SETTINGS, addressFloorSeconds: 60, addressGraceSeconds: 5 }),
  })
  await askUdp(forwarder.endpoints[0]!, question('a.example'))
  assert.deepEqual(forwarder.bound, ['a.example 192.0.2.1 65', 'a.example 192.0.2.2 95'])
})

test('where a rule needs the name, an HTTPS record does not hide it', async () => {
  await using upstream = await loopbackUpstream((query) => ({
    ...respond(query, https('.', alpn, hint, ech)),
    header: { ...respond(query).header, authenticData: true },
  }))
  const ask = async (needsName: boolean): Promise<Message> => {
    await using forwarder = await observedForwarder([upstream], { needsName: () => needsName })
    const plain = question('a.example', TYPE.HTTPS)
    return await askUdp(forwarder.endpoints[0]!, { ...plain, header: { ...plain.header, authenticData: true } })
  }
  const params = ({ answers }: Message): unknown => answers.map(({ data }) => data.kind === 'svcb' && data.params)
  const seen = await ask(true)
  assert.deepEqual(params(seen), [[alpn, hint]])
  // RFC 4035 §3.2.3: what was changed is not what was signed.
  assert.equal(seen.header.authenticData, false)
  const hidden = await ask(false)
  assert.deepEqual([params(hidden), hidden.header.authenticData], [[[alpn, hint, ech]], true])
})

test('an HTTPS record that cannot do without ech is left out as a whole', async () => {
  const mandatory: SvcParam = { kind: 'mandatory', keys: [5] }
  await using upstream = await loopbackUpstream((query) => respond(query, https('.', mandatory, alpn, ech)))
  await using forwarder = await observedForwarder([upstream], { needsName: () => true })
  assert.deepEqual((await askUdp(forwarder.endpoints[0]!, question('a.example', TYPE.HTTPS))).answers, [])
})
