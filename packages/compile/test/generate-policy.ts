import * as fc from 'fast-check'
import {
  isPrefix,
  parseAddress,
  parseDomainName,
  parseDomainPattern,
  parsePortRange,
  parsePrefix,
  prefixContains,
  type Address,
  type PortRange,
  type Prefix,
} from '@sallyport/net'
import {
  EMPTY_WORLD,
  type DestinationTerm,
  type Flow,
  type NamedSet,
  type Policy,
  type PortedSet,
  type Rule,
  type SubjectTerm,
  type World,
} from '@sallyport/policy'

/** Small worlds in which values collide often, so that rules meet, shadow and contradict each other. */
const ADDRESSES = [
  '192.0.2.1',
  '192.0.2.200',
  '198.51.100.7',
  '203.0.113.9',
  '2001:db8::1',
  '169.254.169.254',
  '127.0.0.1',
]
const PREFIXES = [
  '192.0.2.0/24',
  '192.0.2.0/25',
  '192.0.2.1/32',
  '198.51.100.0/24',
  '0.0.0.0/0',
  '::/0',
  '2001:db8::/32',
  '169.254.169.254',
  '169.254.0.0/16',
]
const NAMES = ['example.com', 'a.example.com', 'b.a.example.com', 'example.net', 'com', 'x.example.net']
const PATTERNS = [
  'example.com',
  '*.example.com',
  '.example.com',
  '*.com',
  'a.example.com',
  '.example.net',
  'b.a.example.com',
]

const prefix = (text: string): Exclude<ReturnType<typeof parsePrefix>, { problem: unknown }> => {
  const parsed = parsePrefix(text)
  if (!isPrefix(parsed)) throw new Error(text)
  return parsed
}
const address = (text: string): Address => parseAddress(text)!

const SETS: Readonly<Record<string, NamedSet>> = {
  f1: {
    domains: [parseDomainPattern('.example.net')!],
    except: [parseDomainPattern('x.example.net')!],
    prefixes: [prefix('198.51.100.0/24')],
  },
  f2: { domains: [], prefixes: [prefix('192.0.2.0/25'), prefix('2001:db8::1')] },
  s1: { domains: [parseDomainPattern('*.example.com')!, parseDomainPattern('example.com')!], prefixes: [] },
  s2: withPorts([
    { ports: ports('tcp/443', 'udp/53'), domains: [parseDomainPattern('.example.net')!], prefixes: [] },
    {
      ports: ports('22', '80'),
      domains: [parseDomainPattern('a.example.com')!, parseDomainPattern('x.example.net')!],
      prefixes: [prefix('192.0.2.0/24')],
    },
    { ports: null, domains: [parseDomainPattern('b.a.example.com')!], prefixes: [prefix('2001:db8::/32')] },
  ]),
}

function ports(...texts: readonly string[]): readonly PortRange[] {
  return texts.map((text) => parsePortRange(text)!)
}

function withPorts(byPorts: readonly PortedSet[]): NamedSet {
  return {
    domains: byPorts.flatMap((part) => [...part.domains]),
    prefixes: byPorts.flatMap((part) => part.prefixes),
    byPorts,
  }
}

const COUNTRIES = [
  { code: 'DE', prefixes: [prefix('192.0.2.0/24')] },
  { code: 'FR', prefixes: [prefix('198.51.100.0/24'), prefix('2001:db8::/48')] },
]

const inPrefixes = (prefixes: readonly Prefix[], at: Address): boolean =>
  prefixes.some((each) => prefixContains(each, at))

export const WORLD: World = {
  ...EMPTY_WORLD,
  service: (name) => SETS[name] ?? null,
  feed: (name) => SETS[name] ?? null,
  country: (at) => COUNTRIES.find(({ prefixes }) => inPrefixes(prefixes, at))?.code ?? null,
  countryPrefixes: (code) => COUNTRIES.find((country) => country.code === code)?.prefixes ?? [],
  asn: (at) => (inPrefixes([prefix('203.0.113.0/24')], at) ? 64500 : null),
  asnPrefixes: (asn) => (asn === 64500 ? [prefix('203.0.113.0/24')] : []),
  continent: (code) => (code === 'DE' || code === 'FR' ? 'EU' : null),
  countriesOf: (continent) => (continent === 'EU' ? ['DE', 'FR'] : []),
}

const some = <T>(values: readonly T[], maxLength = 2): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength })

const subjectTerm: fc.Arbitrary<SubjectTerm> = fc.record(
  {
    user: some(['ann', 'bob', 'root']),
    group: some(['dev', 'ops']),
    app: some([
      { kind: 'path', glob: '/usr/bin/*' },
      { kind: 'path', glob: '/usr/bin/curl' },
      { kind: 'sha256', hex: 'ab' },
    ] as const),
    unit: some(['a.service', '*.service']),
    device: some(['d1', 'd2']),
    tag: some(['t1', 't2']),
    posture: some([
      [{ kind: 'equals', fact: 'managed', value: true }],
      [{ kind: 'at-most', fact: 'osUpdatedDaysAgo', limit: 30 }],
      [{ kind: 'version-at-least', fact: 'osVersion', version: '12.3' }],
    ] as const),
    network: some(['192.0.2.0/24', '2001:db8::/32'].map(prefix)),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<SubjectTerm>

const destinationTerm: fc.Arbitrary<DestinationTerm> = fc
  .record(
    {
      domain: some(PATTERNS.map((text) => parseDomainPattern(text)!)),
      ip: some(PREFIXES.map(prefix)),
      country: some(['DE', 'FR', 'US']),
      continent: some(['EU', 'NA']),
      asn: some([64500, 64501]),
      service: some(['s1', 's2']),
      feed: some(['f1', 'f2', 'absent']),
    },
    { requiredKeys: [] },
  )
  .map((term) => {
    const keys = Object.keys(term).slice(0, 2)
    return Object.fromEntries(keys.map((key) => [key, term[key as keyof typeof term]]))
  }) as fc.Arbitrary<DestinationTerm>

const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 2 })

const rule: fc.Arbitrary<Omit<Rule, 'id'>> = fc.record({
  action: fc.constantFrom('allow', 'deny', 'pass'),
  how: fc.constantFrom('reject', 'drop'),
  mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'monitor'),
  from: nullable(fc.array(subjectTerm, { minLength: 1, maxLength: 2 })),
  to: nullable(fc.array(destinationTerm, { minLength: 1, maxLength: 3 })),
  exceptFrom: fc.array(subjectTerm, { maxLength: 1 }),
  exceptTo: fc.array(destinationTerm, { maxLength: 1 }),
  ports: nullable(some(['443', '80', 'tcp/22', 'udp/53', 'icmp', '1-1024'].map((text) => parsePortRange(text)!))),
  protocol: nullable(some(['tls', 'ssh', 'http'])),
  http: nullable(
    fc.constantFrom({}, { method: ['GET'] }, { path: ['/a/*'] }, { host: [parseDomainPattern('example.com')!] }),
  ),
  content: fc.option(fc.constant(['cards']), { nil: null, freq: 1 }),
  assurance: fc.constantFrom('verified', 'dns'),
  when: fc.option(fc.constant([{ days: [1, 2, 3, 4, 5], hours: [{ fromMinute: 480, toMinute: 1080 }], zone: 'UTC' }]), {
    nil: null,
    freq: 1,
  }),
  untilMs: fc.option(fc.constant(1_700_000_000_000), { nil: null, freq: 1 }),
  limit: fc.constant(null),
  alert: fc.constant(null),
  log: fc.constant(null),
  inspect: fc.constant(null),
  headers: fc.constant(null),
  ticket: fc.constant(null),
  reason: fc.constant(null),
  position: fc.constant({ file: 'generated', line: 1, column: 1 }),
}) as fc.Arbitrary<Omit<Rule, 'id'>>

export const policies: fc.Arbitrary<Policy> = fc
  .array(fc.tuple(fc.array(rule, { maxLength: 6 }), fc.constantFrom('allow', 'deny')), { minLength: 1, maxLength: 2 })
  .map((layers) => ({
    layers: layers.map(([rules, end], at) => ({
      name: `layer${at}`,
      mode: 'enforce',
      default: end as 'allow' | 'deny',
      rules: rules.map((each, index) => ({ ...each, id: `r${at}-${index}` })),
      tests: [],
      file: 'generated',
    })),
  })) as fc.Arbitrary<Policy>

const names = NAMES.map((text) => parseDomainName(text)!)

const facts = {
  time: fc.constantFrom(1_699_990_000_000, 1_700_000_000_001, 1_700_150_000_000),
  device: nullable(fc.constantFrom('d1', 'd3')),
  tags: nullable(fc.subarray(['t1', 't2', 't3'])),
  user: nullable(fc.constantFrom('ann', 'bob', 'eve')),
  groups: nullable(fc.subarray(['dev', 'ops', 'hr'])),
  app: nullable(fc.constantFrom('/usr/bin/curl', '/usr/bin/wget', '/opt/x')),
  appSha256: nullable(fc.constantFrom('ab', 'cd')),
  unit: nullable(fc.constantFrom('a.service', 'b.service', 'c.scope')),
  container: nullable(fc.constant('c')),
  posture: nullable(
    fc.constantFrom({ managed: true }, { managed: false, osUpdatedDaysAgo: 3 }, { osVersion: '12.10' }),
  ),
  src: nullable(fc.constantFrom(...ADDRESSES.map(address))),
  dst: nullable(fc.constantFrom(...ADDRESSES.map(address))),
  port: nullable(fc.constantFrom(443, 80, 22, 53, 5000)),
  transport: nullable(fc.constantFrom('tcp', 'udp', 'icmp', 'other')),
  domain: nullable(fc.constantFrom(...names)),
  boundNames: nullable(fc.subarray(names, { maxLength: 3 })),
  protocol: nullable(fc.constantFrom('tls', 'ssh', 'other')),
  http: nullable(
    fc.constantFrom({ method: 'GET', path: '/a/b' }, { method: 'POST', host: 'example.com', path: null }, {}),
  ),
  country: nullable(fc.constantFrom('DE', 'US')),
  asn: nullable(fc.constantFrom(64500, 1)),
  content: nullable(fc.subarray(['cards', 'keys'])),
}

/** Facts known, known to be none, or unknown, in any mixture. */
export const flows: fc.Arbitrary<Flow> = fc.record(facts, { requiredKeys: [] }) as fc.Arbitrary<Flow>

/** Every fact known, or known to be none; country and network follow from the address. */
export const totalFlows: fc.Arbitrary<Flow> = fc
  .record(facts)
  .map(({ time: _time, country: _country, asn: _asn, http, ...flow }) => ({
    ...flow,
    http: http === null ? null : { host: null, path: null, method: null, contentType: null, ...http },
  })) as fc.Arbitrary<Flow>
