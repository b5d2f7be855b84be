import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { SeenDomains } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { DomainName } from '@sallyport/net'
import { startDns } from './dns.fixture.ts'
import { sallyport } from './sallyport.ts'
import { folder, run } from './serving.fixture.ts'

/** Listens anywhere, and has nobody to ask. */
const ALONE = ['--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1'] as const

test('a resolver of the command line: feeds refuse, the rest is answered, SIGHUP reads again, SIGTERM ends with 0', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  await using upstream = await startDns(...ALONE)
  const { port } = upstream.endpoints[0]!
  await using resolver = await startDns(
    '--listen',
    '127.0.0.1:0',
    '--upstream',
    `127.0.0.1:${port}`,
    '--feed',
    `ads=${files.path('ads.txt')}`,
    '--metrics',
    '127.0.0.1:0',
    '--log',
    files.path('queries.jsonl'),
  )
  assert.match(await resolver.dig('x.ads.example'), /status: NXDOMAIN[^]*EDE: 15 \(Blocked\): \(rule feed-ads\)/)
  assert.match(await resolver.dig('tracker.example'), /status: SERVFAIL/)
  writeFileSync(files.path('ads.txt'), 'tracker.example\n')
  await resolver.readAgain('read again')
  assert.match(await resolver.dig('tracker.example'), /status: NXDOMAIN/)
  const { address, port: metricsPort } = resolver.metrics!
  const metrics = await (await fetch(`http://${address}:${metricsPort}/metrics`)).text()
  assert.match(metrics, /^sallyport_dns_responses_total\{outcome="refused"\} 2$/m)
  assert.equal(await resolver.end(), 0)
  const lines = readFileSync(files.path('queries.jsonl'), 'utf8').trim().split('\n')
  const [first] = lines.map((line) => JSON.parse(line) as { name: string; type: string; rule: string; outcome: string })
  assert.deepEqual(
    [first!.name, first!.type, first!.rule, first!.outcome],
    ['x.ads.example', 'A', 'feed-ads', 'refused'],
  )
})

test('each look-up that is refused is recorded, what is answered is not', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  const given = ['--feed', `ads=${files.path('ads.txt')}`, '--record', files.path('spool')]
  await using resolver = await startDns(...ALONE, ...given)
  for (let time = 0; time < 3; time++) await resolver.dig('x.ads.example')
  await resolver.dig('localhost')
  assert.equal(await resolver.end(), 0)
  const { stdout } = sallyport(['flows', '--store', files.path('store'), '--json'])
  const { flows } = JSON.parse(stdout) as { flows: FlowRecord[] }
  const seen = flows.map(
    ({ domain, src, protocol, verdict }) => `${domain} ${src} ${protocol} ${verdict.rule} ${verdict.stage}`,
  )
  assert.deepEqual(seen, Array(3).fill('x.ads.example 127.0.0.1 dns feed-ads dns'))
})

test('a feed that cannot be read again leaves the one in force', async () => {
  using files = folder()
  writeFileSync(files.path('ads.txt'), 'ads.example\n')
  await using resolver = await startDns(...ALONE, '--feed', `ads=${files.path('ads.txt')}`)
  rmSync(files.path('ads.txt'))
  await resolver.readAgain('kept')
  assert.match(await resolver.dig('ads.example'), /status: NXDOMAIN/)
})

test('an address that is taken, or none, ends with what to do', async () => {
  await using resolver = await startDns(...ALONE)
  const taken = sallyport(['dns', '--listen', `127.0.0.1:${resolver.endpoints[0]!.port}`, '--upstream', '127.0.0.1:1'])
  assert.equal(taken.status, 3)
  assert.match(taken.stderr, /cannot listen: the address is taken/)
  assert.equal(sallyport(['dns']).status, 2)
  assert.match(sallyport(['dns', '--listen', 'nonsense:x']).stderr, /--listen/)
})

test('over TLS and HTTPS, on to an upstream over TLS; a renewed certificate is taken on SIGHUP', async () => {
  using files = folder()
  const openssl = (): void =>
    void execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=test',
        '-addext',
        'subjectAltName=DNS:dns.example,IP:127.0.0.1',
        '-keyout',
        files.path('key.pem'),
        '-out',
        files.path('chain.pem'),
      ],
      { stdio: 'pipe' },
    )
  openssl()
  writeFileSync(files.path('names.txt'), 'blocked.example\n')
  const secure = ['--cert', files.path('chain.pem'), '--key', files.path('key.pem')]
  await using back = await startDns(
    '--listen',
    'tls://127.0.0.1:0',
    '--listen',
    'https://127.0.0.1:0',
    '--upstream',
    '127.0.0.1:1',
    '--feed',
    `names=${files.path('names.txt')}`,
    ...secure,
  )
  const [tls, https] = back.endpoints
  const kdig = (...args: readonly string[]) =>
    run('kdig', ['@127.0.0.1', '+retry=0', ...args]).then(({ stdout }) => stdout)
  const trusted = ['--upstream-ca', files.path('chain.pem')]
  for (const upstream of [`tls://127.0.0.1:${tls!.port}#dns.example`, `https://127.0.0.1:${https!.port}/dns-query`]) {
    await using front = await startDns('--listen', '127.0.0.1:0', '--upstream', upstream, ...trusted)
    assert.match(await front.dig('blocked.example'), /status: NXDOMAIN[^]*rule feed-names/)
  }
  const before = await kdig('-p', String(tls!.port), '+tls-ca=' + files.path('chain.pem'), 'blocked.example')
  assert.match(before, /status: NXDOMAIN/)
  openssl()
  await back.readAgain('read again')
  const after = await kdig('-p', String(tls!.port), '+tls-ca=' + files.path('chain.pem'), 'blocked.example')
  assert.match(after, /status: NXDOMAIN/)
  writeFileSync(files.path('key.pem'), 'nonsense')
  await back.readAgain('kept the certificate')
  assert.equal(sallyport(['dns', '--listen', 'tls://127.0.0.1', ...secure, '--upstream', '127.0.0.1:1']).status, 2)
  assert.match(
    sallyport(['dns', '--listen', 'tls://127.0.0.1', '--upstream', '127.0.0.1:1']).stderr,
    /--cert and --key/,
  )
})

test('the policy says how the resolver answers, and SIGHUP reads that again', async () => {
  using files = folder()
  const policy = (dns: string): void =>
    writeFileSync(
      files.path('policy.yaml'),
      `
sallyport: 1
default: allow
dns: ${dns}
rules:
  - { id: no-gambling, action: deny, to: [.casino.example] }
`,
    )
  policy('{ refusal: [192.0.2.7], errorCodes: { no-gambling: filtered }, types: [A, AAAA] }')
  await using resolver = await startDns(...ALONE, '--policy', files.path('policy.yaml'))
  const page = await resolver.dig('www.casino.example')
  assert.match(page, /EDE: 17 \(Filtered\): \(rule no-gambling\)[^]*IN\s+A\s+192\.0\.2\.7/)
  assert.match(await resolver.dig('a.example', 'TXT'), /status: NOERROR[^]*EDE: 18 \(Prohibited\)/)
  assert.match(await resolver.dig('use-application-dns.net'), /status: NXDOMAIN/)
  policy('{ refusal: zero }')
  await resolver.readAgain('read again')
  assert.match(await resolver.dig('www.casino.example'), /EDE: 15 \(Blocked\)[^]*IN\s+A\s+0\.0\.0\.0/)
  policy('{ types: [NONSENSE] }')
  await resolver.readAgain('NONSENSE')
  assert.match(await resolver.dig('www.casino.example'), /0\.0\.0\.0/)
})

test('servers, clients and their rate are those of the policy, and SIGHUP reads them again, all or nothing', async () => {
  using files = folder()
  const policy = (dns: string): void =>
    writeFileSync(files.path('policy.yaml'), `sallyport: 1\ndefault: allow\ndns: ${dns}\nrules: []\n`)
  writeFileSync(files.path('names.txt'), 'a.example\n')
  const names = ['--feed', `names=${files.path('names.txt')}`]
  await using nobody = await startDns(...ALONE)
  await using refusing = await startDns(...ALONE, ...names)
  const [first, second] = [nobody, refusing].map(({ endpoints }) => `127.0.0.1:${endpoints[0]!.port}`)
  policy(`{ upstreams: ["${first}"] }`)
  await using resolver = await startDns(
    '--listen',
    '127.0.0.1:0',
    '--policy',
    files.path('policy.yaml'),
    '--bootstrap',
    first!,
  )
  const reread = async (dns: string, said: string): Promise<void> => {
    policy(dns)
    await resolver.readAgain(said)
  }
  assert.match(await resolver.dig('a.example'), /status: SERVFAIL/)
  await reread(`{ upstreams: ["${second}"] }`, 'read again')
  assert.match(await resolver.dig('a.example'), /status: NXDOMAIN/)
  await reread(`{ upstreams: ["${first}"], routes: { example: ["${second}"] } }`, 'read again')
  assert.match(await resolver.dig('a.example'), /status: NXDOMAIN/)
  assert.match(await resolver.dig('a.test'), /status: SERVFAIL/)
  await reread('{ upstreams: ["tls://nowhere.invalid"] }', 'kept the policy in force')
  assert.match(await resolver.dig('a.example'), /status: NXDOMAIN/)
  await reread(`{ upstreams: ["${second}"], clients: [192.0.2.0/24] }`, 'read again')
  assert.match(await resolver.dig('a.example'), /status: REFUSED/)
  await reread(`{ upstreams: ["${second}"], clientRate: 1 }`, 'read again')
  const many = await Promise.all(Array.from({ length: 8 }, () => resolver.dig('+tcp', 'a.example')))
  assert.ok(many.some((answer) => answer.includes('too many queries')))
})

test('only clients may ask', async () => {
  await using resolver = await startDns(...ALONE, '--client', '192.0.2.0/24')
  assert.match(await resolver.dig('a.example'), /status: REFUSED[^]*EDE: 18/)
  assert.equal(sallyport(['dns', '--listen', '127.0.0.1:0', '--client', '192.0.2.1/24']).status, 2)
  assert.equal(sallyport(['dns', '--listen', '127.0.0.1:0', '--client-rate', 'many']).status, 2)
})

test('a file of trust anchors that cannot be read says in which line', () => {
  using files = folder()
  writeFileSync(files.path('anchors'), '. DS 20326 8 2 E06D44B8\nnonsense\n')
  const { status, stderr } = sallyport(['dns', '--listen', '127.0.0.1:0', '--trust-anchor', files.path('anchors')])
  assert.equal(status, 2)
  assert.match(stderr, /anchors:2: this is no DS or DNSKEY record/)
})

test('a rule of a list for some types of queries refuses those alone', async () => {
  using files = folder()
  writeFileSync(files.path('list.txt'), '||six.example^$dnstype=AAAA\n||all.example^\n@@||all.example^$dnstype=TXT\n')
  await using upstream = await startDns(...ALONE)
  const { port } = upstream.endpoints[0]!
  const list = ['--feed', `list=${files.path('list.txt')}`]
  await using resolver = await startDns('--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${port}`, ...list)
  assert.match(await resolver.dig('six.example', 'AAAA'), /status: NXDOMAIN[^]*rule feed-list/)
  assert.match(await resolver.dig('six.example', 'A'), /status: SERVFAIL/)
  assert.match(await resolver.dig('all.example', 'A'), /status: NXDOMAIN/)
  assert.match(await resolver.dig('all.example', 'MX'), /status: NXDOMAIN/)
  assert.match(await resolver.dig('all.example', 'TXT'), /status: SERVFAIL/)
})

test('a domain is newly seen until it has been known for a week, also to the next process', async () => {
  using files = folder()
  const seen = SeenDomains.begin(Date.now() - 8 * 86_400_000)
  seen.isNew('known.example' as DomainName, 7 * 86_400_000, Date.now() - 8 * 86_400_000)
  mkdirSync(files.path('dns'))
  writeFileSync(files.path('dns/seen-domains'), seen.encode())
  const rule = '{ id: no-new, action: deny, to: [{ category: newly-seen }] }'
  writeFileSync(files.path('policy.yaml'), `sallyport: 1\ndefault: allow\nrules: [${rule}]\n`)
  const start = () => startDns(...ALONE, '--policy', files.path('policy.yaml'))
  process.env['SALLYPORT_STATE'] = files.path('.')
  try {
    await using first = await start()
    // Nobody answers: what is asked fails.
    assert.match(await first.dig('www.known.example'), /status: SERVFAIL/)
    for (const name of ['www.new.example', 'new.example']) {
      assert.match(await first.dig(name), /status: NXDOMAIN[^]*EDE: 15 \(Blocked\): \(rule no-new\)/)
    }
    await first.end()
    await using second = await start()
    assert.match(await second.dig('known.example'), /status: SERVFAIL/)
    assert.match(await second.dig('new.example'), /status: NXDOMAIN/)
    assert.equal(SeenDomains.decode(readFileSync(files.path('dns/seen-domains')))!.size, 2)
  } finally {
    delete process.env['SALLYPORT_STATE']
  }
})
