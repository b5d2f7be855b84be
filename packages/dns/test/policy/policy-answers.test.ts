import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { compilePolicy } from '@sallyport/compile'
import { formatAddress, parseDomainPattern, parsePrefix, type DomainPattern, type Prefix } from '@sallyport/net'
import { EMPTY_WORLD, parsePolicies, type World } from '@sallyport/policy'
import { answerSettings, dnsSettings, judgeOptions } from '../../src/policy/policy-settings.ts'
import { PolicyJudge } from '../../src/policy/policy-judge.ts'
import { observedForwarder, type Observed } from '../loopback-forwarder.fixture.ts'
import { dnsmasq, output, type RealServer } from '../real-server.fixture.ts'

const bad = {
  domains: [parseDomainPattern('.tracker.example') as DomainPattern],
  prefixes: [parsePrefix('203.0.113.64/26') as Prefix],
}
const abroad = parsePrefix('192.88.98.0/24') as Prefix
const WORLD: World = {
  ...EMPTY_WORLD,
  feed: (name) => (name === 'bad' ? bad : null),
  country: (address) => (formatAddress(address).startsWith('192.88.98.') ? 'KP' : null),
  countryPrefixes: (code) => (code === 'KP' ? [abroad] : []),
}
const POLICY = `
sallyport: 1
default: allow
dns: { refusal: nxdomain, privateNames: [.corp.example], types: [A, AAAA, CNAME, TXT],
  errorCodes: { censored: censored, filtered: filtered, prohibited: prohibited } }
rules:
  - { id: no-bad, action: deny, to: [{ feed: bad }] }
  - { id: no-abroad, action: deny, to: [{ country: KP }] }
  - { id: censored, action: deny, to: [censored.example] }
  - { id: filtered, action: deny, to: [filtered.example] }
  - { id: prohibited, action: deny, to: [prohibited.example] }
  - { id: no-games-for-guests, action: deny, from: [{ network: 127.0.0.2/32 }], to: [games.example] }
`

let server: RealServer
let resolver: Observed

before(async () => {
  server = await dnsmasq(
    '--host-record=cdn.tracker.example,198.51.100.5',
    '--cname=shop.example,alias.example',
    '--cname=alias.example,cdn.tracker.example',
    '--host-record=mixed.example,198.51.100.6',
    '--host-record=mixed.example,203.0.113.66',
    '--host-record=listed.example,203.0.113.67',
    '--host-record=abroad.example,192.88.98.7',
    '--host-record=inside.example,10.1.1.1',
    '--host-record=x.corp.example,10.1.1.2',
    '--host-record=games.example,198.51.100.9',
    '--mx-host=games.example,mail.example',
  )
  const parsed = parsePolicies([{ file: 'policy.yaml', text: POLICY }])
  assert.ok(parsed.ok)
  const settings = dnsSettings(parsed.value)
  const judge = new PolicyJudge(compilePolicy(parsed.value, WORLD, { atMs: Date.now() }), judgeOptions(settings))
  resolver = await observedForwarder([], {
    upstreams: [server.endpoint],
    judge: (query) => judge.judge(query),
    judgeAlias: (query, alias) => judge.judgeAlias(query, alias),
    judgeAnswer: (query, address) => judge.judgeAnswer(query, address),
    settings: () => answerSettings(settings),
    refusal: settings.refusal!,
    timeouts: { attemptMs: 1500, totalMs: 4000 },
  })
})
after(async () => {
  await resolver[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const dig = (...args: readonly string[]): Promise<string> =>
  output('dig', '@127.0.0.1', '-p', String(resolver.endpoints[0]!.port), '+tries=1', '+time=5', ...args)
const refusedBy = (rule: string): RegExp => new RegExp(`status: NXDOMAIN[^]*EDE: 15 \\(Blocked\\): \\(rule ${rule}\\)`)

test('a name that leads into a feed by two aliases is refused by the rule of the feed', async () => {
  assert.match(await dig('shop.example'), refusedBy('no-bad'))
})

test('addresses of a feed are left out of an answer, and refuse it when nothing else is in it', async () => {
  assert.equal(await dig('+short', 'mixed.example'), '198.51.100.6\n')
  assert.match(await dig('listed.example'), refusedBy('no-bad'))
  assert.ok(!resolver.bound.some((binding) => binding.includes('203.0.113.')))
})

test('an answer in a country that a rule denies is refused', async () => {
  assert.match(await dig('abroad.example'), refusedBy('no-abroad'))
})

test('a public name that leads to a private address is refused; one of the inside is answered', async () => {
  assert.match(
    await dig('inside.example'),
    /status: NXDOMAIN[^]*EDE: 18 \(Prohibited\): \(.*private address 10\.1\.1\.1/,
  )
  assert.equal(await dig('+short', 'x.corp.example'), '10.1.1.2\n')
})

test('a rule for a network holds for the clients in it, also when another client asked just before', async () => {
  for (let time = 0; time < 2; time++) {
    assert.equal(await dig('+short', 'games.example'), '198.51.100.9\n')
    assert.match(await dig('-b', '127.0.0.2', 'games.example'), refusedBy('no-games-for-guests'))
  }
})

test('a rule is refused with the Extended DNS Error that the policy gives it (RFC 8914 §4.16 to §4.19)', async () => {
  for (const [name, said] of [
    ['censored', /EDE: 16 \(Censored\): \(rule censored\)/],
    ['filtered', /EDE: 17 \(Filtered\): \(rule filtered\)/],
    ['prohibited', /EDE: 18 \(Prohibited\): \(rule prohibited\)/],
  ] as const) {
    assert.match(await dig(`${name}.example`), said)
  }
})

test('a type that the policy does not list is not answered', async () => {
  assert.match(await dig('games.example', 'MX'), /status: NOERROR[^]*EDE: 18 \(Prohibited\): \(.*MX/)
})
