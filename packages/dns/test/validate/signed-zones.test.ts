import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseDomainName } from '@sallyport/net'
import { parseTrustAnchors, type TrustAnchor } from '../../src/validate/trust-anchors.ts'
import { observedForwarder, type Observed } from '../loopback-forwarder.fixture.ts'
import { output } from '../real-server.fixture.ts'
import { signedZones, type SignedZones } from './signed-zones.fixture.ts'

let zones: SignedZones
let resolver: Observed

before(async () => {
  zones = await signedZones()
  resolver = await observedForwarder([], {
    upstreams: [zones.endpoint],
    validate: parseTrustAnchors(zones.anchor) as readonly TrustAnchor[],
    timeouts: { attemptMs: 3000, totalMs: 8000 },
  })
})
after(async () => {
  await resolver[Symbol.asyncDispose]()
  await zones[Symbol.asyncDispose]()
})

const dig = (...args: readonly string[]): Promise<string> =>
  output('dig', '@127.0.0.1', '-p', String(resolver.endpoints[0]!.port), '+tries=1', '+time=10', ...args)

type State = 'secure' | 'insecure' | 'bogus'

async function ours(name: string, type: string): Promise<State> {
  const answer = await dig('+adflag', name, type)
  if (answer.includes('status: SERVFAIL')) return 'bogus'
  return /flags:[^;]* ad[ ;]/.test(answer) ? 'secure' : 'insecure'
}

/** What delv says, with the same anchor and the same server. */
async function theirs(name: string, type: string): Promise<State> {
  const { port } = zones.endpoint
  const said = await output(
    'sh',
    '-c',
    'exec "$@" 2>&1',
    'sh',
    'delv',
    '@127.0.0.1',
    '-p',
    String(port),
    '-a',
    zones.delvAnchors,
    '+root=example',
    name,
    type,
  ).catch((error: { stdout: string }) => error.stdout)
  // Of a chain, delv tells about each link.
  if (/resolution failed: (?!ncache)/.test(said)) return 'bogus'
  if (/unsigned answer/.test(said)) return 'insecure'
  return /fully validated/.test(said) ? 'secure' : assert.fail(`${name} ${type}: ${said}`)
}

const CASES: readonly (readonly [name: string, type: string, state: State, delv?: State])[] = [
  ['a.example', 'A', 'secure'],
  ['A.eXample', 'AAAA', 'secure'],
  ['svc.example', 'HTTPS', 'secure'],
  ['www.example', 'A', 'secure'],
  ['away.example', 'A', 'secure'],
  ['a.example', 'MX', 'secure'],
  ['none.example', 'A', 'secure'],
  ['below.a.example', 'A', 'secure'],
  ['ent.example', 'A', 'secure'],
  ['y.ent.example', 'TXT', 'secure'],
  ['z.wild.example', 'A', 'secure'],
  ['z.wild.example', 'TXT', 'secure'],
  ['z.wildalias.example', 'A', 'secure'],
  ['example', 'SOA', 'secure'],
  ['example', 'DNSKEY', 'secure'],
  ['a.moved.example', 'A', 'secure'],
  ['a.n3.example', 'A', 'secure'],
  ['a.n3.example', 'MX', 'secure'],
  ['none.n3.example', 'A', 'secure'],
  ['ent.n3.example', 'A', 'secure'],
  ['z.wild.n3.example', 'A', 'secure'],
  ['z.wild.n3.example', 'TXT', 'secure'],
  ['n3.example', 'DS', 'secure'],
  ['a.rsa.example', 'A', 'secure'],
  ['a.ed.example', 'TXT', 'secure'],
  ['ed.example', 'MX', 'secure'],
  ['srv.p384.example', 'SRV', 'secure'],
  ['a.optout.example', 'A', 'secure'],
  ['none.heavy.example', 'A', 'secure'],
  // RFC 9905 came after this delv.
  ['a.sha1.example', 'A', 'insecure', 'secure'],
  ['a.plain.example', 'A', 'insecure'],
  ['none.plain.example', 'A', 'insecure'],
  ['plain.example', 'DS', 'secure'],
  ['to.plain.example', 'A', 'insecure'],
  ['lost.example', 'A', 'insecure'],
  ['a.sub.optout.example', 'A', 'insecure'],
  // RFC 5155 §9.2: what opt-out covers does not get AD.
  ['none.optout.example', 'A', 'insecure', 'secure'],
  ['a.expired.example', 'A', 'bogus'],
  ['a.early.example', 'A', 'bogus'],
  ['a.bogus.example', 'A', 'bogus'],
  ['b.bogus.example', 'A', 'secure'],
  ['broken.example', 'A', 'bogus'],
  ['a.stripped.example', 'A', 'bogus'],
  ['none.stripped.example', 'A', 'bogus'],
]

for (const [name, type, state, delv = state] of CASES) {
  test(`${name} ${type} is ${state}, and delv says ${delv}`, async () => {
    assert.equal(await ours(name, type), state)
    assert.equal(await theirs(name, type), delv)
  })
}

test('a bogus answer says why; who sets CD gets it all the same', async () => {
  assert.match(await dig('a.expired.example'), /status: SERVFAIL[^]*EDE: 7 \(Signature Expired\)/)
  assert.match(await dig('a.early.example'), /status: SERVFAIL[^]*EDE: 8 \(Signature Not Yet Valid\)/)
  assert.match(await dig('a.bogus.example'), /status: SERVFAIL[^]*EDE: 6 \(DNSSEC Bogus\)/)
  assert.match(await dig('a.stripped.example'), /status: SERVFAIL[^]*EDE: /)
  assert.match(await dig('+cdflag', 'a.bogus.example'), /status: NOERROR[^]*192\.0\.2\.66/)
  assert.ok(resolver.counters().dnssecBogus > 0)
  assert.ok(!resolver.bound.some((binding) => binding.startsWith('a.expired.example')))
})

test('signatures and proofs go to who asks for them, from the cache too', async () => {
  for (let time = 0; time < 2; time++) {
    assert.match(await dig('+dnssec', 'a.example'), /flags: qr rd ra ad[^]*RRSIG\s+A 13/)
    assert.doesNotMatch(await dig('a.example'), /RRSIG/)
    assert.match(await dig('+dnssec', 'none.example'), /flags: qr rd ra ad[^]*NSEC/)
    assert.doesNotMatch(await dig('none.example'), /NSEC|RRSIG/)
    assert.doesNotMatch(await dig('+noadflag', 'a.example'), /flags:[^;]* ad[ ;]/)
  }
})

test('without the check, all that delv needs passes through', async () => {
  await using passing = await observedForwarder([], {
    upstreams: [zones.endpoint],
    timeouts: { attemptMs: 3000, totalMs: 8000 },
  })
  const { port } = passing.endpoints[0]!
  for (const [name, said] of [
    ['a.n3.example', /^; fully validated/m],
    ['none.example', /^; negative response, fully validated/m],
    ['z.wild.example', /^; fully validated/m],
  ] as const) {
    const delv = ['delv', '@127.0.0.1', '-p', String(port), '-a', zones.delvAnchors, '+root=example', name, 'A']
    assert.match(await output('sh', '-c', 'exec "$@" 2>&1 || true', 'sh', ...delv), said)
  }
})

test('domains with servers of their own are not checked', async () => {
  await using exempt = await observedForwarder([], {
    upstreams: [zones.endpoint],
    routes: [{ domains: [parseDomainName('bogus.example')!], servers: [zones.endpoint] }],
    validate: parseTrustAnchors(zones.anchor) as readonly TrustAnchor[],
  })
  const to = ['@127.0.0.1', '-p', String(exempt.endpoints[0]!.port), '+adflag']
  assert.match(await output('dig', ...to, 'a.bogus.example'), /status: NOERROR[^]*192\.0\.2\.66/)
  assert.doesNotMatch(await output('dig', ...to, 'a.bogus.example'), /flags:[^;]* ad[ ;]/)
})

test('of a file that unbound keeps, keys count that are valid or missing, not those pending or revoked (RFC 5011)', () => {
  const key = (flags: number, tag: number, state: string): string =>
    `.\t86400\tIN\tDNSKEY\t${flags} 3 13 ${Buffer.alloc(64, tag).toString('base64')} ;{id = ${tag} (ksk)} ;;state=${state} ;;count=0`
  const file = [
    '; autotrust trust anchor file',
    ';;id: . 1',
    key(257, 1, '2 [  VALID  ]'),
    key(257, 2, '1 [ ADDPEND ]'),
    key(257, 3, '3 [ MISSING ]'),
    key(385, 4, '4 [ REVOKED ]'),
    key(385, 5, '2 [  VALID  ]'),
  ]
  const [root] = parseTrustAnchors(file.join('\n')) as readonly TrustAnchor[]
  assert.deepEqual(
    root!.keys.map((each) => each.key[0]),
    [1, 3],
  )
})

test('a trust anchor that is none says where', () => {
  assert.deepEqual(parseTrustAnchors('; none\n\nexample. A 192.0.2.1'), {
    line: 3,
    problem: 'this is no DS or DNSKEY record',
  })
  assert.equal(
    (parseTrustAnchors('example. 300 IN DNSKEY 257 3 13 AAAA BBBB ; key') as readonly TrustAnchor[])[0]!.keys.length,
    1,
  )
})
