import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { once } from 'node:events'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { buildMessage } from '@sallyport/wire'
import { frame } from '../../src/listen/frames.ts'
import type { ForwarderOptions, ListenEndpoint } from '../../src/options.ts'
import { question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { a, loopbackUpstream, respond } from '../loopback-upstream.fixture.ts'
import { output } from '../real-server.fixture.ts'
import { testCertificate, type TestCertificate } from '../test-certificate.fixture.ts'

const execute = promisify(execFile)

async function encryptedResolver({ cert, key }: TestCertificate, options: Partial<ForwarderOptions> = {}) {
  const upstream = await loopbackUpstream((query) => respond(query, a('a.example', '192.0.2.1', 77)))
  const forwarder = await observedForwarder([upstream], {
    listen: [
      { address: '127.0.0.1', port: 0, kind: 'tls' },
      { address: '127.0.0.1', port: 0, kind: 'https' },
      { address: '127.0.0.1', port: 0, kind: 'tcp' },
    ],
    certificate: { cert, key },
    judge: ({ name }) =>
      name === 'a.example'
        ? { verdict: 'allow', rule: null, explain: '' }
        : { verdict: 'deny', rule: 'no-c2', explain: '' },
    ...options,
  })
  const [tls, https, tcp] = forwarder.endpoints as [ListenEndpoint, ListenEndpoint, ListenEndpoint]
  return {
    ...forwarder,
    tls,
    https,
    tcp,
    url: `https://127.0.0.1:${https.port}/dns-query`,
    [Symbol.asyncDispose]: async () => {
      await forwarder[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

test('kdig asks over TLS and over HTTPS, with its certificate checks, padding and GET', async () => {
  using certificate = testCertificate('DNS:dns.example', 'IP:127.0.0.1')
  await using resolver = await encryptedResolver(certificate)
  const kdig = (port: number, ...args: readonly string[]): Promise<string> =>
    output('kdig', '@127.0.0.1', '-p', String(port), `+tls-ca=${certificate.files.ca}`, '+retry=0', ...args)
  const strict = await kdig(resolver.tls.port, '+tls', '+tls-host=dns.example', '+padding', 'a.example')
  assert.match(strict, /;; TLS session \(TLS1\.3\)[^]*192\.0\.2\.1/)
  assert.match(strict, /Received 468 B/)
  assert.match(await kdig(resolver.tls.port, '+tls', `+tls-pin=${certificate.pin}`, 'a.example'), /192\.0\.2\.1/)
  assert.match(await kdig(resolver.https.port, '+https=dns.example', 'a.example'), /HTTP\/2-POST[^]*192\.0\.2\.1/)
  assert.match(
    await kdig(resolver.https.port, '+https-get', '+tls-host=dns.example', 'a.example'),
    /HTTP\/2-GET[^]*192\.0\.2\.1/,
  )
  assert.match(await kdig(resolver.tls.port, '+tls', 'c2.example'), /status: REFUSED[^]*rule no-c2/)
  assert.match(await output('dig', '@127.0.0.1', '-p', String(resolver.tcp.port), '+tcp', 'a.example'), /192\.0\.2\.1/)
  const { queriesTls, queriesHttps, queriesTcp, invalid } = resolver.counters()
  assert.deepEqual([queriesTls, queriesHttps, queriesTcp, invalid], [3, 2, 1, 0])
  assert.deepEqual([...new Set(resolver.records.map(({ transport }) => transport))].sort(), ['https', 'tcp', 'tls'])
})

test('curl resolves by the resolver over HTTP/2 and posts over HTTP/1.1; answers say how long they are fresh', async () => {
  using certificate = testCertificate('DNS:dns.example', 'IP:127.0.0.1')
  await using resolver = await encryptedResolver(certificate)
  const { ca } = certificate.files
  // Nothing listens at the address; what counts is that curl has it from the resolver.
  const { stderr } = await execute('curl', [
    '-sv',
    '--doh-url',
    resolver.url,
    '--cacert',
    ca,
    '--connect-timeout',
    '1',
    'http://a.example/',
  ]).catch((error: { stderr: string }) => error)
  assert.match(stderr, /192\.0\.2\.1/)
  const curl = (...args: readonly string[]): Promise<string> =>
    output(
      'curl',
      '-s',
      '--cacert',
      ca,
      '-o',
      '/dev/null',
      '-w',
      '%{http_version} %{response_code} %header{cache-control}',
      ...args,
    )
  const query = Buffer.from(buildMessage(question('a.example')))
  const get = `${resolver.url}?dns=${query.toString('base64url')}`
  assert.equal(await curl('--http2', get), '2 200 max-age=77')
  assert.equal(await curl('--http1.1', get), '1.1 200 max-age=77')
  for (const [status, ...args] of [
    ['415', '-d', 'x', resolver.url],
    ['405', '-X', 'PUT', get],
    ['404', `https://127.0.0.1:${resolver.https.port}/`],
    ['400', `${resolver.url}?dns=*`],
    ['400', resolver.url],
    ['400', `${resolver.url}?dns=AAAA`],
    ['413', '-H', 'content-type: application/dns-message', '-d', 'x'.repeat(20_000), resolver.url],
  ] as const) {
    for (const version of ['--http2', '--http1.1'])
      assert.match(await curl(version, ...args), new RegExp(`^\\S+ ${status}`))
  }
  assert.ok(resolver.counters().httpErrors >= 14)
})

test('connections and streams of one client are bounded, and idle ones are cut', async () => {
  using certificate = testCertificate('IP:127.0.0.1')
  await using resolver = await encryptedResolver(certificate, {
    limits: { tcpClients: 2, queriesPerTcpClient: 4 },
    timeouts: { tcpIdleMs: 300 },
  })
  const { ca } = certificate
  const session = connectHttp2(resolver.url, { ca })
  await once(session, 'remoteSettings')
  assert.equal(session.remoteSettings.maxConcurrentStreams, 4)
  const socket = connect({ host: '127.0.0.1', port: resolver.tls.port, ca })
  await once(socket, 'secureConnect')
  socket.write(frame(buildMessage(question('a.example'))))
  await once(socket, 'data')
  await Promise.all([once(session, 'close'), once(socket, 'close')])
  assert.ok(resolver.counters().tcpClientsIdle >= 2)
  const held = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const one = connect({ host: '127.0.0.1', port: resolver.tls.port, ca })
      const made = once(one, 'secureConnect').then(() => true)
      return [one, await Promise.race([made, once(one, 'close').then(() => false)]).catch(() => false)] as const
    }),
  )
  assert.equal(held.filter(([, made]) => made).length, 2)
  for (const [one] of held) one.destroy()
  assert.ok(resolver.counters().tcpClientsDropped >= 1)
})

test('a client that speaks something else than TLS is counted and cut', async () => {
  using certificate = testCertificate('IP:127.0.0.1')
  await using resolver = await encryptedResolver(certificate)
  await execute('curl', ['-s', '-m', '3', `http://127.0.0.1:${resolver.tls.port}/`]).catch(() => {})
  assert.ok(resolver.counters().tlsHandshakeFailures >= 1)
})

test('a renewed certificate holds for new connections; one that cannot be used is not taken', async () => {
  using first = testCertificate('IP:127.0.0.1')
  using second = testCertificate('IP:127.0.0.1')
  await using resolver = await encryptedResolver(first)
  const asks = (by: TestCertificate): Promise<string> =>
    output('kdig', '@127.0.0.1', '-p', String(resolver.tls.port), '+tls', `+tls-pin=${by.pin}`, '+retry=0', 'a.example')
  assert.match(await asks(first), /192\.0\.2\.1/)
  resolver.renew({ cert: second.cert, key: second.key })
  assert.match(await asks(second), /192\.0\.2\.1/)
  assert.throws(() => resolver.renew({ cert: first.cert, key: second.key }))
  assert.match(await asks(second), /192\.0\.2\.1/)
})
