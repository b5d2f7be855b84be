import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  isPrefix,
  parseDomainPattern,
  parsePortRange,
  parsePrefix,
  type DomainPattern,
  type Prefix,
} from '@sallyport/net'
import { EMPTY_WORLD } from '@sallyport/policy'
import { verdictOf } from './verdict-of.ts'

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text)
  if (!isPrefix(parsed)) throw new Error(text)
  return parsed
}

const domain = (text: string): DomainPattern => parseDomainPattern(text)!

test('the first rule that matches decides, and the default what none matches', () => {
  const rules = `
  - { id: no, action: deny, to: [192.0.2.1] }
  - { id: yes, action: allow, to: [192.0.2.0/24] }
  - { id: late, action: deny, to: [192.0.2.2] }`
  assert.equal(verdictOf(rules, { dst: '192.0.2.1' }), 'deny by no')
  assert.equal(verdictOf(rules, { dst: '192.0.2.2' }), 'allow by yes')
  assert.equal(verdictOf(rules, { dst: '192.0.3.1' }), 'deny by default')
  assert.equal(verdictOf(`default: allow\nrules:${rules}`, { dst: '192.0.3.1' }), 'allow by default')
})

test('pass hands the flow to the next layer; what no layer decides gets the default of the last', () => {
  const first =
    '  - { id: hand-on, action: pass, to: [192.0.2.0/24] }\n  - { id: stop, action: deny, to: [192.0.0.0/16] }'
  const second = 'default: allow\nrules:\n  - { id: own, action: deny, to: [192.0.2.9] }'
  assert.equal(verdictOf([first, second], { dst: '192.0.2.9' }), 'deny by own')
  assert.equal(verdictOf([first, second], { dst: '192.0.2.8' }), 'allow by default')
  assert.equal(verdictOf([first, second], { dst: '192.0.3.1' }), 'deny by stop')
  assert.equal(verdictOf([first, second], { dst: '198.51.100.1' }), 'allow by default')
})

test('entries are alternatives, the keys of one must all hold, a list under a key is alternatives again', () => {
  const rules =
    '  - { id: a, action: allow, from: [{ user: [ann, bob], unit: "ci@*.service" }, { group: ops }], to: [192.0.2.1] }'
  const flow = (facts: object): object => ({ dst: '192.0.2.1', groups: [], unit: null, user: null, ...facts })
  assert.equal(verdictOf(rules, flow({ user: 'bob', unit: 'ci@7.service' })), 'allow by a')
  assert.equal(verdictOf(rules, flow({ user: 'bob', unit: 'web.service' })), 'deny by default')
  assert.equal(verdictOf(rules, flow({ groups: ['dev', 'ops'] })), 'allow by a')
})

test('except takes entries away from both sides', () => {
  const rules =
    '  - { id: a, action: allow, from: [{ group: dev }], to: [192.0.2.0/24], except: { from: [{ user: eve }], to: [192.0.2.66] } }'
  const flow = (facts: object): object => ({ groups: ['dev'], user: 'ann', dst: '192.0.2.1', ...facts })
  assert.equal(verdictOf(rules, flow({})), 'allow by a')
  assert.equal(verdictOf(rules, flow({ user: 'eve' })), 'deny by default')
  assert.equal(verdictOf(rules, flow({ dst: '192.0.2.66' })), 'deny by default')
})

test('an allow rule means a service on its ports, which its own ports narrow; a deny rule means it on all', () => {
  const mail = {
    domains: [domain('mail.example')],
    prefixes: [prefix('192.0.2.0/24')],
    ports: [parsePortRange('tcp/993')!, parsePortRange('tcp/443')!],
  }
  const files = { domains: [domain('files.example')], prefixes: [], ports: null }
  const suite = {
    domains: [...mail.domains, ...files.domains],
    prefixes: mail.prefixes,
    byPorts: [mail, files],
  }
  const world = { ...EMPTY_WORLD, service: () => suite }
  const to = (name: string, port?: number): object => ({
    dst: '198.51.100.1',
    domain: name,
    ...(port !== undefined && { transport: 'tcp', port }),
  })
  const judged = (rule: string, flow: object): string => verdictOf(`  - ${rule}`, flow, world)
  const allow = '{ id: a, action: allow, to: [{ service: suite }] }'
  assert.equal(judged(allow, to('mail.example', 993)), 'allow by a')
  assert.equal(judged(allow, to('mail.example', 22)), 'deny by default')
  assert.equal(judged(allow, to('files.example', 22)), 'allow by a')
  assert.equal(judged(allow, to('mail.example')), 'undetermined: transport port')
  assert.equal(judged(allow, { dst: '192.0.2.7', transport: 'tcp', port: 443 }), 'allow by a')
  assert.equal(
    judged(allow, { dst: '192.0.2.7', transport: 'udp', port: 443, domain: null, boundNames: null }),
    'deny by default',
  )
  const narrow = '{ id: a, action: allow, to: [{ service: suite }], ports: [443] }'
  assert.equal(judged(narrow, to('mail.example', 993)), 'deny by default')
  assert.equal(judged(narrow, to('mail.example', 443)), 'allow by a')
  assert.equal(judged(narrow, to('files.example', 22)), 'deny by default')
  const open = (rule: string, flow: object): string => verdictOf(`default: allow\nrules:\n  - ${rule}`, flow, world)
  assert.equal(open('{ id: d, action: deny, to: [{ service: suite }] }', to('mail.example', 22)), 'deny by d')
  const allBut = '{ id: a, action: allow, to: [.example], except: { to: [{ service: suite }] } }'
  assert.equal(judged(allBut, to('mail.example', 22)), 'deny by default')
  const denyBut = '{ id: d, action: deny, to: [.example], except: { to: [{ service: suite }] } }'
  assert.equal(open(denyBut, to('mail.example', 443)), 'allow by default')
  assert.equal(open(denyBut, to('mail.example', 22)), 'deny by d')
})

test('no transport means TCP and UDP', () => {
  const rules = '  - { id: a, action: allow, to: [192.0.2.1], ports: [443, tcp/22, icmp, 8000-8010] }'
  const flow = (transport: string, port: number | null): object => ({ dst: '192.0.2.1', transport, port })
  for (const [transport, port] of [
    ['tcp', 443],
    ['udp', 443],
    ['tcp', 22],
    ['icmp', null],
    ['udp', 8010],
  ] as const)
    assert.equal(verdictOf(rules, flow(transport, port)), 'allow by a', `${transport}/${port}`)
  for (const [transport, port] of [
    ['udp', 22],
    ['sctp', 443],
    ['tcp', 8011],
    ['tcp', 80],
  ] as const)
    assert.equal(verdictOf(rules, flow(transport, port)), 'deny by default', `${transport}/${port}`)
})

test('an address written in an odd form is the address it denotes', () => {
  const rules = '  - { id: a, action: deny, to: [192.0.2.1] }\ndefault: allow'.replace(/^/, 'rules:\n')
  for (const dst of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::ffff:c000:201',
    '64:ff9b::192.0.2.1',
    '0300.0.02.1',
    '3221225985',
    '0xc0000201',
  ])
    assert.equal(verdictOf(rules, { dst }), 'deny by a', dst)
})

test('a metadata address is denied unless a rule names that very address', () => {
  for (const dst of ['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254']) {
    assert.equal(verdictOf('default: allow\nrules: []', { dst }), 'deny by metadata-address', dst)
    assert.equal(
      verdictOf('  - { id: all, action: allow, to: [0.0.0.0/0, "::/0"] }', { dst }),
      'deny by metadata-address',
      dst,
    )
  }
  assert.equal(
    verdictOf('  - { id: m, action: allow, to: [169.254.169.254] }', { dst: '169.254.169.254' }),
    'allow by m',
  )
})

test('loopback and DHCP leave without a rule', () => {
  assert.equal(
    verdictOf('[]'.replace(/^/, 'rules: '), { dst: '127.3.2.1', port: 80, transport: 'tcp' }),
    'allow by implicit',
  )
  assert.equal(verdictOf('rules: []', { dst: '255.255.255.255', port: 67, transport: 'udp' }), 'allow by implicit')
  assert.equal(verdictOf('rules: []', { dst: '255.255.255.255', port: 68, transport: 'udp' }), 'deny by default')
})

test('an exception holds through the day it names, in the zone of the policy', () => {
  const until = (day: string): string => `  - { id: a, action: allow, to: [192.0.2.1], until: ${day} }`
  const at = (time: string): object => ({ dst: '192.0.2.1', time })
  assert.equal(verdictOf(until('2026-06-10'), at('2026-06-10T23:59:59Z')), 'allow by a')
  assert.equal(verdictOf(until('2026-06-10'), at('2026-06-11T00:00:00Z')), 'deny by default')
  const zoned = `zone: America/New_York\nrules:\n${until('2026-06-10')}`
  assert.equal(verdictOf(zoned, at('2026-06-11T03:59:59Z')), 'allow by a')
  assert.equal(verdictOf(zoned, at('2026-06-11T04:00:00Z')), 'deny by default')
})

test('a schedule is a wall clock: it follows the change of the hour, and spans midnight', () => {
  const rules = `
define: { schedules: { office: { days: [mon-fri], hours: "08:00-18:00", zone: Europe/Berlin }, night: { days: [fri], hours: "22:00-06:00", zone: UTC } } }
rules:
  - { id: day, action: allow, to: [192.0.2.1], when: office }
  - { id: late, action: allow, to: [192.0.2.2], when: night }`
  const at = (dst: string, time: string): object => ({ dst, time })
  assert.equal(verdictOf(rules, at('192.0.2.1', '2026-06-10T06:00:00Z')), 'allow by day')
  assert.equal(verdictOf(rules, at('192.0.2.1', '2026-01-14T06:30:00Z')), 'deny by default')
  assert.equal(verdictOf(rules, at('192.0.2.1', '2026-06-13T10:00:00Z')), 'deny by default')
  assert.equal(verdictOf(rules, at('192.0.2.2', '2026-06-13T05:59:00Z')), 'allow by late')
  assert.equal(verdictOf(rules, at('192.0.2.2', '2026-06-14T05:59:00Z')), 'deny by default')
})

test('a posture that is given is known as a whole; one that is not known leaves the flow open', () => {
  const rules = `
define: { postures: { compliant: { diskEncrypted: true, osUpdatedWithinDays: 30, osVersionAtLeast: "12.5" } } }
rules:
  - { id: a, action: allow, from: [{ posture: compliant }], to: [192.0.2.1] }`
  const flow = (posture?: object): object => ({ dst: '192.0.2.1', ...(posture ? { posture } : {}) })
  const good = { diskEncrypted: true, osUpdatedDaysAgo: 30, osVersion: '12.10' }
  assert.equal(verdictOf(rules, flow(good)), 'allow by a')
  assert.equal(verdictOf(rules, flow({ ...good, osUpdatedDaysAgo: 31 })), 'deny by default')
  assert.equal(verdictOf(rules, flow({ ...good, osVersion: '12.4' })), 'deny by default')
  assert.equal(verdictOf(rules, flow({ diskEncrypted: true, osVersion: '13' })), 'deny by default')
  assert.equal(verdictOf(rules, flow()), 'undetermined: posture')
})

test('country, continent and network are looked up when the flow does not say them', () => {
  const world = {
    ...EMPTY_WORLD,
    country: () => 'DE',
    asn: () => 64500,
    continent: () => 'EU',
    countryPrefixes: () => [prefix('192.0.2.0/24')],
  }
  const rule = (term: string): string => `  - { id: a, action: deny, to: [${term}] }`
  for (const term of ['{ country: DE }', '{ continent: EU }', '{ asn: 64500 }', '{ country: DE, asn: 64500 }'])
    assert.equal(verdictOf(rule(term), { dst: '192.0.2.1' }, world), 'deny by a', term)
  assert.equal(verdictOf(rule('{ country: DE }'), { dst: '192.0.2.1', country: 'FR' }, world), 'deny by default')
})

test('a feed holds for its addresses and for its names; one that is not there leaves the flow open', () => {
  const rules = 'default: allow\nrules:\n  - { id: a, action: deny, to: [{ feed: bad }] }'
  const world = { ...EMPTY_WORLD, feed: () => ({ domains: [], prefixes: [prefix('192.0.2.0/25')] }) }
  const flow = { dst: '192.0.2.1', domain: null, boundNames: null, protocol: null }
  assert.equal(verdictOf(rules, flow, world), 'deny by a')
  assert.equal(verdictOf(rules, { ...flow, dst: '192.0.2.200' }, world), 'allow by default')
  assert.match(verdictOf(rules, flow), /^undetermined/)
})

test('a rule, a layer and a policy may only watch', () => {
  const rules =
    '  - { id: a, action: deny, to: [192.0.2.1], mode: monitor }\n  - { id: b, action: deny, to: [192.0.2.2] }'
  assert.equal(verdictOf(rules, { dst: '192.0.2.1' }), 'deny by a, watched')
  assert.equal(verdictOf(rules, { dst: '192.0.2.2' }), 'deny by b')
  assert.equal(verdictOf(`mode: monitor\nrules:\n${rules}`, { dst: '192.0.2.2' }), 'deny by b, watched')
})

test('names are compared in lower-case A-labels without the final dot', () => {
  const rules = '  - { id: a, action: allow, to: ["bücher.example", "*.shop.example"] }'
  assert.equal(verdictOf(rules, { domain: 'XN--BCHER-KVA.example.' }), 'allow by a')
  assert.equal(verdictOf(rules, { domain: 'A.B.Shop.Example' }), 'allow by a')
  assert.equal(verdictOf(rules, { domain: 'shop.example' }), 'deny by default')
})

test('what is not known leaves open only what depends on it', () => {
  const rules = `
  - { id: ssh, action: deny, to: [192.0.2.1], protocol: [ssh] }
  - { id: all, action: allow, to: [192.0.2.1] }`
  assert.equal(verdictOf(rules, { dst: '192.0.2.1' }), 'undetermined: protocol')
  assert.equal(verdictOf(rules, { dst: '192.0.2.1', protocol: 'tls' }), 'allow by all')
  assert.equal(verdictOf(rules, { dst: '192.0.2.2' }), 'deny by default')
})
