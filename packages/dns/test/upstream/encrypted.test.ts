import assert from 'node:assert/strict'
import { createServer, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { RCODE, TYPE } from '@sallyport/wire'
import type { ForwarderOptions, UpstreamState } from '../../src/options.ts'
import { addressesIn, askTcp, askUdp, errorsIn, question } from '../loopback-client.fixture.ts'
import { observedForwarder } from '../loopback-forwarder.fixture.ts'
import { freePort, unbound } from '../real-server.fixture.ts'
import { testCertificate, type TestCertificate } from '../test-certificate.fixture.ts'

const LOCAL_DATA = [
  'local-zone: "example." static',
  'local-data: "a.example. 60 IN A 192.0.2.1"',
  'local-data: "b.example. 60 IN A 192.0.2.2"',
  ...Array.from({ length: 300 }, (_, at) => `local-data: "many.example. 60 IN A 198.51.${at >> 8}.${at & 255}"`),
]

async function encryptedUnbound({ files }: TestCertificate) {
  const tls = await freePort()
  const https = await freePort()
  const server = await unbound(
    `interface: 127.0.0.1@${tls}`,
    `interface: 127.0.0.1@${https}`,
    `tls-port: ${tls}`,
    `https-port: ${https}`,
    `tls-service-key: "${files.key}"`,
    `tls-service-pem: "${files.cert}"`,
    ...LOCAL_DATA,
  )
  return { server, tls, https, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Takes what it is told over TLS, and says nothing. */
async function listeningTls({ cert, key }: TestCertificate) {
  const heard: Buffer[] = []
  const clients = new Set<TLSSocket>()
  const server = createServer({ cert, key, ALPNProtocols: ['dot', 'h2'] }, (socket) => {
    clients.add(socket.on('error', () => {}))
    socket.on('data', (chunk: Buffer) => heard.push(chunk))
  }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  return {
    heard,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const client of clients) client.destroy()
    },
  }
}

const forwarding = (servers: ForwarderOptions['upstreams'], rest: Partial<ForwarderOptions> = {}) =>
  observedForwarder([], {
    upstreams: servers,
    timeouts: { attemptMs: 1500, totalMs: 3000 },
    limits: { cacheEntries: 0 },
    ...rest,
  })

test('unbound is asked over UDP, TCP, TLS and HTTPS, and connections are used again', async () => {
  using certificate = testCertificate('DNS:dns.example', 'IP:127.0.0.1')
  await using upstream = await encryptedUnbound(certificate)
  const { ca } = certificate
  const { port } = upstream.server.endpoint
  for (const server of [
    { address: '127.0.0.1', port },
    { address: '127.0.0.1', port, kind: 'tcp' as const },
    { address: '127.0.0.1', port: upstream.tls, kind: 'tls' as const, serverName: 'dns.example', ca },
    { address: '127.0.0.1', port: upstream.tls, kind: 'tls' as const, ca },
    { address: '127.0.0.1', port: upstream.https, kind: 'https' as const, serverName: 'dns.example', ca },
  ]) {
    await using forwarder = await forwarding([server])
    const asked = Array.from({ length: 40 }, (_, at) => question(at % 2 === 0 ? 'a.example' : 'b.example'))
    const answers = await Promise.all(asked.map((query) => askUdp(forwarder.endpoints[0]!, query)))
    answers.forEach((answer, at) => assert.deepEqual(addressesIn(answer), [at % 2 === 0 ? '192.0.2.1' : '192.0.2.2']))
    const [large] = await askTcp(forwarder.endpoints[0]!, question('many.example'))
    assert.equal(large!.answers.length, 300)
    const counters = forwarder.counters()
    // UDP: the truncated answer is fetched over TCP.
    assert.equal(counters.upstreamConnections, 1, JSON.stringify(server.kind ?? 'udp'))
    assert.equal(counters.upstreamErrors + counters.upstreamTimeouts + counters.upstreamProtocolErrors, 0)
  }
})

test('a server with the wrong certificate is told nothing, and the error says why', async () => {
  using certificate = testCertificate('DNS:dns.example')
  using other = testCertificate('DNS:dns.example')
  await using server = await listeningTls(certificate)
  const { port, heard } = server
  for (const kind of ['tls', 'https'] as const) {
    for (const wrong of [
      { serverName: 'dns.example', ca: other.ca },
      { serverName: 'other.example', ca: certificate.ca },
      // The certificate is for a name, not for the address.
      { ca: certificate.ca },
      { serverName: 'dns.example' },
      { pins: [other.pin] },
    ]) {
      const states: UpstreamState[] = []
      await using forwarder = await forwarding([{ address: '127.0.0.1', port, kind, ...wrong }], {
        onUpstream: (state) => states.push(state),
      })
      const answer = await askUdp(forwarder.endpoints[0]!, question('a.example'))
      assert.equal(answer.header.rcode, RCODE.SERVFAIL)
      assert.match(errorsIn(answer)[0]!.text, /certificate/, JSON.stringify({ kind, ...wrong, ca: undefined }))
      assert.equal(states[0]?.reason, 'certificate')
      assert.ok(forwarder.counters().upstreamCertificateErrors > 0)
    }
  }
  assert.deepEqual(heard, [])
})

test('a pin stands for the authority', async () => {
  using certificate = testCertificate('DNS:dns.example')
  await using upstream = await encryptedUnbound(certificate)
  for (const [kind, port] of [
    ['tls', upstream.tls],
    ['https', upstream.https],
  ] as const) {
    await using forwarder = await forwarding([{ address: '127.0.0.1', port, kind, pins: [certificate.pin] }])
    assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['192.0.2.1'])
  }
})

test('a TLS server that restarts, or closes idle connections, costs no query', async () => {
  using certificate = testCertificate('IP:127.0.0.1')
  const { cert, key, ca } = certificate
  await using back = await observedForwarder([], {
    upstreams: [],
    listen: [
      { kind: 'tls', address: '127.0.0.1', port: 0 },
      { kind: 'https', address: '127.0.0.1', port: 0 },
    ],
    certificate: { cert, key },
    judge: () => ({ verdict: 'deny', rule: 'all', explain: '' }),
    refusal: { kind: 'zero' },
    timeouts: { tcpIdleMs: 150 },
  })
  for (const { kind = 'udp', port } of back.endpoints) {
    await using forwarder = await forwarding([{ address: '127.0.0.1', port, kind, ca }])
    for (let at = 0; at < 3; at++) {
      assert.deepEqual(addressesIn(await askUdp(forwarder.endpoints[0]!, question('a.example'))), ['0.0.0.0'])
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    assert.ok(forwarder.counters().upstreamConnections >= 2)
    assert.equal(forwarder.counters().failed, 0)
  }
})

test('queries on encrypted connections are padded to blocks of 128, and carry no option of the client', async () => {
  using certificate = testCertificate('IP:127.0.0.1')
  const { ca } = certificate
  await using server = await listeningTls(certificate)
  const { port, heard: seen } = server
  await using forwarder = await forwarding([{ address: '127.0.0.1', port, kind: 'tls', ca }], {
    timeouts: { attemptMs: 200, totalMs: 400 },
  })
  const subnet = { code: 8, value: Uint8Array.of(0, 1, 24, 0, 192, 0, 2) }
  for (const name of ['a.example', `${'x'.repeat(60)}.${'y'.repeat(60)}.example`]) {
    await askUdp(forwarder.endpoints[0]!, question(name, TYPE.A, [subnet]))
  }
  assert.ok(seen.length >= 2)
  for (const bytes of seen) assert.equal((bytes.length - 2) % 128, 0)
  assert.ok(seen.every((bytes) => !bytes.includes(Buffer.from([0, 8, 0, 7]))))
})
