import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { parseDomainPattern } from '@sallyport/net'
import {
  CertificateAuthority,
  createAuthority,
  PinnedHosts,
  type AuthorityPem,
  type InspectionOptions,
  type ProxyOptions,
} from '@sallyport/proxy'
import { labPolicy, startLab, type Lab } from './lab.fixture.ts'
import { madeCertificate, openConnect, tlsGreeting } from './tls.fixture.ts'

const run = promisify(execFile)
const LOOPBACK = { ip: '127.0.0.1' } as const
const RULES = [
  { id: 'no-secret', action: 'deny', to: ['up.example.com'], http: { path: ['/secret/**'] } },
  {
    id: 'no-upload',
    action: 'deny',
    to: ['.example.com'],
    http: { method: ['PUT'], contentType: ['application/zip'] },
  },
  { id: 'up', action: 'allow', to: [{ domain: '.example.com', ...LOOPBACK }], protocol: ['tls'] },
] as const

suite('requests inside TLS', () => {
  let folder: string
  let authority: AuthorityPem
  let server: ReturnType<typeof createServer>
  let port: number
  let serverCa: string
  const seen: string[] = []
  const path = (name: string): string => join(folder, name)

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-inspect-'))
    authority = await createAuthority('Lab', Date.now())
    writeFileSync(path('ca.pem'), authority.cert)
    const certificate = madeCertificate('up.example.com')
    serverCa = certificate.cert
    server = createServer(certificate, (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.host}`)
      if (request.url?.startsWith('/close/') === true) response.setHeader('Connection', 'close')
      request.resume().on('end', () => response.end(`served ${request.url}`))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function inspecting(
    change: Partial<InspectionOptions> = {},
    rules: Parameters<typeof labPolicy>[0] = RULES,
    options: Partial<ProxyOptions> = {},
  ): Promise<Lab> {
    const inspect = { authority: await CertificateAuthority.open(authority), never: [], serverCa, ...change }
    return startLab({ policy: labPolicy(rules), inspect, ...options })
  }
  const curl = async (lab: Lab, ...args: readonly string[]): Promise<string> => {
    const usual = [
      '-sS',
      '-m',
      '5',
      '-w',
      ' %{http_code}',
      '--cacert',
      path('ca.pem'),
      '-x',
      `http://127.0.0.1:${lab.port}`,
    ]
    return run('curl', [...usual, ...args]).then(
      ({ stdout }) => stdout,
      (error: { stderr: string }) => error.stderr,
    )
  }
  const url = (host: string, rest: string): string => `https://${host}:${port}${rest}`

  test('are judged one by one, in a tunnel whose certificate the authority made for the host', async () => {
    await using lab = await inspecting()
    assert.equal(
      await curl(lab, url('up.example.com', '/a?q=secret'), url('up.example.com', '/b')),
      'served /a?q=secret 200served /b 200',
    )
    assert.match(await curl(lab, url('up.example.com', '/secret/x')), /"rule":"no-secret".* 403$/s)
    assert.match(await curl(lab, '--path-as-is', url('up.example.com', '/a/../secret/x')), /"rule":"no-secret".* 403$/s)
    const upload = ['-T', path('ca.pem'), '-H', 'Content-Type: application/zip; x=y']
    assert.match(await curl(lab, ...upload, url('up.example.com', '/up')), /"rule":"no-upload".* 403$/s)
    const host = ['-H', 'Host: other.example.com']
    assert.match(await curl(lab, ...host, url('up.example.com', '/front')), / 403$/)
    assert.ok(!seen.some((line) => /secret\/|\/up |front/.test(line)), seen.join())
    const inside = lab.records.filter(({ inspected }) => inspected)
    assert.deepEqual(
      inside.slice(0, 2).map(({ path: where, protocol, rule }) => [where, protocol, rule]),
      [
        ['/a', 'tls', 'up'],
        ['/b', 'tls', 'up'],
      ],
    )
  })

  test('go through the parent that is for the host, over every connection to the server', async () => {
    await using parent = await startLab()
    const parents = [{ scheme: 'http', domain: null, host: '127.0.0.1', port: parent.port, credentials: null }] as const
    await using lab = await inspecting({}, RULES, { parents })
    const answers = await curl(lab, '--http1.1', url('up.example.com', '/close/a'), url('up.example.com', '/close/b'))
    assert.equal(answers, 'served /close/a 200served /close/b 200')
    assert.equal(lab.proxy.counts().totals.requestsConnect, 1)
    assert.equal(parent.proxy.counts().totals.requestsConnect, 2)
  })

  test('over SOCKS too', async () => {
    await using lab = await inspecting()
    const socks = ['--socks5-hostname', `127.0.0.1:${lab.port}`, '--cacert', path('ca.pem'), '-sS', '-m', '5']
    assert.equal((await run('curl', [...socks, url('up.example.com', '/s')])).stdout, 'served /s')
    assert.match((await run('curl', [...socks, url('up.example.com', '/secret/s')])).stdout, /no-secret/)
  })

  test('are not read where no rule asks for them, or the host is spared', async () => {
    await using plain = await inspecting({}, [
      { id: 'up', action: 'allow', to: [{ domain: '.example.com', ...LOOPBACK }] },
    ])
    const greeting = await curl(plain, '--cacert', path('ca.pem'), url('up.example.com', '/n'))
    assert.match(greeting, /certificate/)
    writeFileSync(path('server.pem'), serverCa)
    assert.match(await curl(plain, '--cacert', path('server.pem'), url('up.example.com', '/n')), /served \/n 200/)
    await using spared = await inspecting({ never: [parseDomainPattern('up.example.com')!] })
    const socket = await openConnect(spared.port, `up.example.com:${port}`)
    assert.equal(await tlsGreeting(socket, 'up.example.com'), 'access denied')
    await spared.recorded(1)
    assert.equal(spared.records[0]?.reason, 'undetermined')
    await using asked = await inspecting({}, [
      { id: 'up', action: 'allow', to: [{ domain: '.example.com', ...LOOPBACK }], inspect: 'tls' },
    ])
    assert.match(await curl(asked, url('up.example.com', '/i')), /served \/i 200/)
    assert.equal(asked.proxy.counts().totals.tunnelsInspected, 1)
  })

  test('go to no server whose certificate a browser would refuse', async () => {
    await using stranger = await inspecting({ serverCa: null })
    assert.match(await curl(stranger, url('up.example.com', '/x')), /"reason":"bad-certificate".* 502$/s)
    await using other = await inspecting()
    assert.match(await curl(other, url('other.example.com', '/x')), /ERR_TLS_CERT_ALTNAME_INVALID.* 502$/s)
    assert.ok(!seen.some((line) => line.includes('/x')))
  })

  test('a client that does not take the certificate is told apart', async () => {
    await using lab = await inspecting()
    writeFileSync(path('server.pem'), serverCa)
    assert.match(await curl(lab, '--cacert', path('server.pem'), url('up.example.com', '/pinned')), /certificate/)
    while (lab.records.length === 0) await new Promise((next) => setTimeout(next, 10))
    assert.equal(lab.records[0]?.reason, 'inspection-refused')
  })

  test('a host whose client refuses the certificate again and again is left alone, for that client and where no rule needs its requests', async () => {
    const rules = [
      { id: 'up', action: 'allow', to: [{ domain: '.example.com', ...LOOPBACK }], inspect: 'tls' },
    ] as const
    writeFileSync(path('server.pem'), serverCa)
    await using lab = await inspecting({ pinned: new PinnedHosts() }, rules)
    const pinning = (): Promise<string> => curl(lab, '--cacert', path('server.pem'), url('up.example.com', '/pinned'))
    for (let count = 0; count < 3; count++) assert.match(await pinning(), /certificate/)
    assert.match(await pinning(), /served \/pinned 200/)
    await lab.recorded(4)
    assert.deepEqual(
      lab.records.map(({ spared, reason }) => spared ?? reason),
      ['inspection-refused', 'inspection-refused', 'inspection-refused', 'pinned'],
    )
    const { pinsLearned, tunnelsPinned } = lab.proxy.counts().totals
    assert.deepEqual([pinsLearned, tunnelsPinned], [1, 1])
    // Another host is not, and neither is this one where a rule must see the request.
    assert.match(await curl(lab, '-k', url('other.example.com', '/x')), / 502$/)
    await using needing = await inspecting({ pinned: new PinnedHosts() })
    for (let count = 0; count < 4; count++) {
      assert.doesNotMatch(
        await curl(needing, '--cacert', path('server.pem'), url('up.example.com', '/pinned')),
        /served/,
      )
    }
    assert.equal(needing.records.at(-1)?.reason, 'undetermined')
  })

  test('a client that took the certificate once pins nothing by later failures', async () => {
    const pinned = new PinnedHosts()
    for (const at of [0, 1]) assert.equal(pinned.refused('a', 'x', at), false)
    pinned.accepted('a', 'x')
    for (const at of [2, 3]) assert.equal(pinned.refused('a', 'x', at), false)
    assert.equal(pinned.isPinned('a', 'x', 4), false)
    assert.equal(pinned.refused('a', 'x', 4), true)
    const hourMs = 3_600_000
    assert.deepEqual(
      [
        pinned.isPinned('a', 'x', hourMs),
        pinned.isPinned('b', 'x', 5),
        pinned.isPinned('a', 'y', 5),
        pinned.isPinned('a', 'x', 25 * hourMs),
      ],
      [true, false, false, false],
    )
    // Failures far apart are none of pinning.
    for (const at of [0, 1, 2, 3]) assert.equal(pinned.refused('c', 'x', at * hourMs), false)
  })

  test('an authority is told from what is none', async () => {
    const other = await createAuthority('Other', Date.now())
    await assert.rejects(
      CertificateAuthority.open({ cert: authority.cert, key: other.key }),
      /not that of the certificate/,
    )
    const opened = await CertificateAuthority.open(authority)
    writeFileSync(path('leaf.pem'), await opened.issue('up.example.com', Date.now()))
    const { stdout } = await run('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      path('ca.pem'),
      '-verify_hostname',
      'up.example.com',
      path('leaf.pem'),
    ])
    assert.match(stdout, /OK/)
    writeFileSync(path('ip.pem'), await opened.issue('2001:db8::1', Date.now()))
    const ip = await run('openssl', ['verify', '-CAfile', path('ca.pem'), '-verify_ip', '2001:db8::1', path('ip.pem')])
    assert.match(ip.stdout, /OK/)
    const leaf = { cert: await opened.issue('x.example', Date.now()), key: opened.leafKeyPem }
    await assert.rejects(CertificateAuthority.open(leaf), /not that of an authority/)
  })
})
