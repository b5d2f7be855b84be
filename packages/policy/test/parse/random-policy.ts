import fc from 'fast-check'
import { PROTOCOLS, type PolicyInput, type RuleInput } from '@sallyport/policy'

const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 })
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const octet = fc.nat(255)
const domain = fc.oneof(
  word.map((label) => `${label.replace(/-+$/, '')}.example`),
  word.map((label) => `*.${label.replace(/-+$/, '')}.example`),
  fc.constant('.münchen.example'),
)
const ip = fc.oneof(
  fc.tuple(octet, octet).map(([a, b]) => `${a}.${b}.0.0/16`),
  fc.tuple(octet, octet).map(([a, b]) => `192.0.${a}.${b}`),
  fc.constantFrom('0.0.0.0/0', '::/0', '2001:db8::/32', '::1', '0x7f.1', '::ffff:192.0.2.7'),
)
const some = <T extends object>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }, required: (keyof T)[] = []) =>
  fc.record(shape, { requiredKeys: required as never[] }).filter((value) => Object.keys(value).length > 0)

const destination = fc.oneof(
  domain,
  ip,
  some({
    domain: fc.oneof(domain, list(domain), fc.constant('localhost')),
    ip: list(ip),
    country: list(fc.constantFrom('DE', 'NO', 'KP')),
    continent: fc.constantFrom('EU', 'AS'),
    asn: list(fc.nat(4294967295)),
    service: word,
    feed: list(word),
    category: word,
  }),
)
const posture = some({
  diskEncrypted: fc.boolean(),
  osUpdatedWithinDays: fc.nat(90),
  osVersionAtLeast: fc.constant('12.3'),
  osName: list(fc.constantFrom('macos', 'windows', 'true', '12')),
  vendorScore: fc.integer(),
})
const text = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((value) => /^\P{Cc}+$/u.test(value) && !value.includes('\ufffd'))
const subject = some({
  user: list(text),
  group: text,
  app: fc.oneof(fc.constant('/usr/bin/**'), fc.constant(`sha256:${'aB'.repeat(32)}`)),
  unit: fc.constant('ci-*@?.service'),
  tag: list(text),
  posture: fc.oneof(posture, list(posture)),
  network: list(ip),
})
const schedule = some({
  days: list(fc.constantFrom('mon-fri', 'sat-mon', 'wed')),
  hours: list(fc.constantFrom('08:00-18:00', '22:30-06:00', '00:00-24:00')),
  zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago'),
})
const rule = fc
  .record(
    {
      id: fc.constant(''),
      action: fc.constantFrom('allow' as const, 'deny' as const, 'pass' as const),
      mode: fc.constantFrom('enforce' as const, 'monitor' as const),
      from: list(fc.oneof(subject, fc.constant('none'))),
      to: fc.oneof(list(destination), fc.constant('none')),
      except: fc.record({ from: list(subject), to: list(destination) }, { requiredKeys: [] }),
      ports: list(fc.oneof(fc.nat(65535), fc.constantFrom('8000-8999', 'tcp/22', 'icmp', 'sctp/5-9', 'udp'))),
      protocol: list(fc.constantFrom(...PROTOCOLS)),
      http: some({
        host: domain,
        path: list(fc.constantFrom('/a/*', '**')),
        method: fc.constant('GET'),
        contentType: text,
      }),
      content: fc.record({ dlp: list(word) }),
      assurance: fc.constantFrom('dns' as const, 'verified' as const),
      when: list(schedule),
      until: fc.constantFrom('2027-03-31', '2027-03-31T10:00:00.5+02:00', '2024-02-29'),
      limit: some({ bytesOut: fc.constantFrom('200MB/h', '1.5GiB', 77), connections: fc.constantFrom('9/10s', 4) }),
      alert: fc.constantFrom('low' as const, 'critical' as const),
      log: fc.boolean(),
      inspect: fc.constant('tls' as const),
      ticket: fc.oneof(text, fc.nat()),
      reason: fc.string().filter((value) => /^[^\p{Cc}\ufffd]*$/u.test(value)),
    },
    { requiredKeys: ['id', 'action'] },
  )
  .map((value): RuleInput => value)

const test = fc.record(
  {
    from: some({
      user: text,
      groups: list(text),
      domain: fc.constant('a.example'),
      http: fc.constant({ path: '/x' }),
      asn: fc.nat(9),
    }),
    to: fc.constantFrom('https://a.example/x', 'http://192.0.2.1/x', 'udp/[2001:db8::1]:53', 'ssh://b.example'),
    expect: fc.constantFrom('allow' as const, 'deny' as const, 'undetermined' as const),
    time: fc.constantFrom('2027-01-01T00:00:00Z', 1_700_000_000),
  },
  { requiredKeys: ['expect'] },
)

/** Valid policies of every shape that the language has. */
export const policies: fc.Arbitrary<PolicyInput> = fc
  .record(
    {
      sallyport: fc.constant(1 as const),
      name: text,
      mode: fc.constantFrom('enforce' as const, 'monitor' as const),
      default: fc.constantFrom('allow' as const, 'deny' as const),
      zone: fc.constantFrom('UTC', 'Europe/Berlin'),
      define: fc.constant({ destinations: { none: [] }, subjects: { none: [] } }),
      feeds: fc.constant({ own: { url: 'https://example.com/list', refresh: '6h' } }),
      dns: fc.record(
        {
          refusal: fc.constantFrom('zero', 'nxdomain', ['192.0.2.7', '2001:db8::7']),
          types: fc.constant(['a', 'HTTPS']),
          privateNames: fc.constant('.corp.example'),
          canaries: fc.boolean(),
          clients: fc.constant(['192.0.2.0/24', '2001:db8::/32']),
          clientRate: fc.integer({ min: 1, max: 1000 }),
          upstreams: fc.constant('tls://192.0.2.53#dns.example'),
          routes: fc.constant({ 'corp.example': ['10.0.0.53'] }),
          addressFloor: fc.constantFrom('0s', '90s'),
          addressGrace: fc.constant('2min'),
          tunnels: fc.constantFrom('flag' as const, 'refuse' as const, 'ignore' as const),
          tunnelsExcept: fc.constant('.lookup.example'),
          newlySeen: fc.constant('7d'),
        },
        { requiredKeys: [] },
      ),
      rules: fc.array(rule, { maxLength: 4 }),
      tests: fc.array(test, { maxLength: 3 }),
    },
    { requiredKeys: ['sallyport', 'define'] },
  )
  .map((policy) => ({ ...policy, rules: (policy.rules ?? []).map((item, index) => ({ ...item, id: `r${index}` })) }))
