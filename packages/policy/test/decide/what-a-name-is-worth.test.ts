import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseDomainPattern } from '@sallyport/net'
import { EMPTY_WORLD } from '@sallyport/policy'
import { verdictOf } from './verdict-of.ts'

const ALLOW = '  - { id: a, action: allow, to: [a.example] }'
const ALLOW_BY_DNS = '  - { id: a, action: allow, to: [a.example], assurance: dns }'
const DENY = `rules:\n  - { id: d, action: deny, to: [a.example] }\ndefault: allow`

const NOTHING = 'deny by default'
const REST = 'allow by default'

/** What a flow says about its names, and the verdict under each of the three rules. */
const CASES: readonly (readonly [what: string, facts: object, allow: string, byDns: string, deny: string])[] = [
  [
    'verified and bound',
    { domain: 'a.example', boundNames: ['a.example'], protocol: 'tls' },
    'allow by a',
    'allow by a',
    'deny by d',
  ],
  [
    'verified, another bound: an SNI to an address that was no answer for it',
    { domain: 'a.example', boundNames: ['b.example'], protocol: 'tls' },
    NOTHING,
    NOTHING,
    'deny by d',
  ],
  [
    'verified, nothing bound: no DNS query was seen',
    { domain: 'a.example', boundNames: [], protocol: 'tls' },
    NOTHING,
    NOTHING,
    'deny by d',
  ],
  [
    'bound, another verified: a shared address',
    { domain: 'b.example', boundNames: ['a.example', 'b.example'], protocol: 'tls' },
    NOTHING,
    'allow by a',
    REST,
  ],
  [
    'bound, and the protocol carries no name',
    { domain: null, boundNames: ['a.example'], protocol: 'ssh' },
    'allow by a',
    'allow by a',
    'deny by d',
  ],
  [
    'bound, and no protocol will be seen',
    { domain: null, boundNames: ['a.example'], protocol: null },
    'allow by a',
    'allow by a',
    'deny by d',
  ],
  [
    'bound, and TLS without a server name',
    { domain: null, boundNames: ['a.example'], protocol: 'tls' },
    NOTHING,
    'allow by a',
    'deny by d',
  ],
  [
    'bound, and HTTP without a host',
    { domain: null, boundNames: ['a.example'], protocol: 'http' },
    NOTHING,
    'allow by a',
    'deny by d',
  ],
  [
    'bound, no name said, the protocol not known yet',
    { domain: null, boundNames: ['a.example'] },
    'undetermined: protocol',
    'allow by a',
    'deny by d',
  ],
  [
    'bound, the handshake still to come',
    { boundNames: ['a.example'] },
    'undetermined: domain',
    'allow by a',
    'undetermined: domain',
  ],
  ['a log that has only the name', { domain: 'a.example' }, 'allow by a', 'allow by a', 'deny by d'],
  ['no name at all', { domain: null, boundNames: null, protocol: 'tls' }, NOTHING, NOTHING, REST],
  [
    'two bound, one of them named by the rule',
    { domain: null, boundNames: ['b.example', 'a.example'], protocol: 'smtp' },
    'allow by a',
    'allow by a',
    'deny by d',
  ],
]

for (const [what, facts, allow, byDns, deny] of CASES) {
  suite(what, () => {
    const flow = { dst: '192.0.2.1', port: 443, transport: 'tcp', ...facts }
    test(`an allow rule: ${allow}`, () => assert.equal(verdictOf(ALLOW, flow), allow))
    test(`an allow rule that DNS is enough for: ${byDns}`, () => assert.equal(verdictOf(ALLOW_BY_DNS, flow), byDns))
    test(`a deny rule: ${deny}`, () => assert.equal(verdictOf(DENY, flow), deny))
  })
}

test('a name that an exception takes away is taken away on the evidence that a deny rule needs', () => {
  const rules = '  - { id: a, action: allow, to: [192.0.2.0/24], except: { to: [bad.example] } }'
  const flow = { dst: '192.0.2.1', port: 443, transport: 'tcp', protocol: 'tls' }
  assert.equal(verdictOf(rules, { ...flow, domain: 'bad.example', boundNames: [] }), 'deny by default')
  assert.equal(verdictOf(rules, { ...flow, domain: null, boundNames: ['bad.example'] }), 'deny by default')
  assert.equal(
    verdictOf(rules, { ...flow, domain: 'ok.example', boundNames: ['bad.example', 'ok.example'] }),
    'allow by a',
  )
})

test('one name must satisfy a whole entry: two names that each satisfy half do not', () => {
  const rules = '  - { id: a, action: allow, to: [{ domain: ["*.one.example"], feed: f }] }'
  const set = { domains: ['two.example', 'y.one.example'].map((name) => parseDomainPattern(name)!), prefixes: [] }
  const world = { ...EMPTY_WORLD, feed: () => set }
  const names = (...boundNames: readonly string[]): object => ({ domain: null, boundNames, protocol: null })
  assert.equal(verdictOf(rules, names('x.one.example', 'two.example'), world), 'deny by default')
  assert.equal(verdictOf(rules, names('x.one.example', 'y.one.example'), world), 'allow by a')
})
