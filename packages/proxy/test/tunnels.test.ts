import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labPolicy, OPEN_RULES, startLab, startUpstream } from './lab.fixture.ts'
import { nextOctets, openConnect, startTlsEcho, tlsGreeting, untilEnd } from './tls.fixture.ts'

const NAMED = [
  { id: 'up', action: 'allow', to: [{ domain: 'up.example.com', ip: '127.0.0.1' }], protocol: ['tls'] },
] as const
test('a handshake with the name of the request passes, and its octets come unchanged', async () => {
  await using server = await startTlsEcho()
  await using lab = await startLab({ policy: labPolicy(NAMED) })
  const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
  assert.equal(await tlsGreeting(socket, 'up.example.com'), 'hello')
  while (lab.records.length === 0) await new Promise((next) => setTimeout(next, 10))
  const [record] = lab.records
  assert.deepEqual(
    [record!.protocol, record!.serverName, record!.rule, record!.outcome],
    ['tls', 'up.example.com', 'up', 'allowed'],
  )
  assert.ok(record!.bytesOut > 300 && record!.bytesIn > 500)
  assert.match(record!.ja4!, /^t13d/)
})

test('a handshake without a name passes as the name of the request', async () => {
  await using server = await startTlsEcho()
  await using lab = await startLab({ policy: labPolicy(NAMED) })
  assert.equal(await tlsGreeting(await openConnect(lab.port, `up.example.com:${server.port}`), undefined), 'hello')
})

test('a handshake with another name is refused with an alert, and the server sees none of it', async () => {
  await using server = await startTlsEcho()
  for (const policy of [
    labPolicy(NAMED),
    labPolicy([
      { id: 'evil', action: 'deny', to: ['evil.example'] },
      { id: 'lo', action: 'allow', to: [{ ip: '127.0.0.1', domain: '.example.com' }] },
    ]),
  ]) {
    await using lab = await startLab({ policy })
    const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
    assert.equal(await tlsGreeting(socket, 'other.example.com'), 'access denied')
    await lab.recorded(1)
    assert.equal(lab.records[0]?.outcome, 'denied')
  }
  assert.equal(server.octets(), 0)
})

test('where only the default allows, a handshake with another name is refused; where a rule allows any name, it passes', async () => {
  await using server = await startTlsEcho()
  await using strict = await startLab({
    policy: labPolicy([{ id: 'lo', action: 'allow', to: [{ ip: '127.0.0.1', domain: '.example.com' }] }]),
  })
  assert.match(
    await tlsGreeting(await openConnect(strict.port, `up.example.com:${server.port}`), 'x.example'),
    /access denied/,
  )
  await using open = await startLab()
  assert.equal(await tlsGreeting(await openConnect(open.port, `up.example.com:${server.port}`), 'x.example'), 'hello')
})

test('a name that a rule denies is denied behind an address and behind another name', async () => {
  await using server = await startTlsEcho()
  await using lab = await startLab()
  for (const authority of [`127.0.0.1:${server.port}`, `up.example.com:${server.port}`]) {
    const greeting = await tlsGreeting(await openConnect(lab.port, authority), 'bad.evil.example')
    assert.equal(greeting, 'access denied')
  }
  await lab.recorded(2)
  assert.deepEqual(
    lab.records.map(({ rule }) => rule),
    ['no-evil', 'no-evil'],
  )
  assert.equal(server.octets(), 0)
})

test('a rule for a protocol lets no other through: SSH and nonsense on a port for TLS are cut, unseen by the server', async () => {
  await using server = await startUpstream()
  await using lab = await startLab({ policy: labPolicy(NAMED) })
  for (const octets of ['SSH-2.0-OpenSSH_9.2\r\n', '\x00\x01\x02nonsense that is no protocol\r\n\r\n'.repeat(20)]) {
    const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
    socket.write(octets)
    await untilEnd(socket)
  }
  assert.equal(server.received(), '')
  await lab.recorded(2)
  assert.deepEqual(
    lab.records.map(({ protocol, outcome }) => [protocol, outcome]),
    [
      ['ssh', 'denied'],
      ['other', 'denied'],
    ],
  )
})

test('a hello in single octets is read like one in a piece', async () => {
  await using server = await startTlsEcho()
  await using lab = await startLab({ policy: labPolicy(NAMED) })
  const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
  const write = socket.write.bind(socket)
  socket.setNoDelay(true)
  socket.write = ((octets: Buffer) =>
    [...octets].map((octet) => write(Buffer.from([octet]))).at(-1)!) as typeof socket.write
  assert.equal(await tlsGreeting(socket, 'other.example.com'), 'access denied')
})

test('a server that speaks first is heard before its client speaks', async () => {
  await using server = await startUpstream()
  server.server.on('connection', (socket) => socket.write('220 mail.example ESMTP\r\n'))
  await using lab = await startLab()
  const socket = await openConnect(lab.port, `127.0.0.1:${server.port}`)
  assert.equal(await nextOctets(socket), '220 mail.example ESMTP\r\n')
  socket.write('EHLO client.example\r\n\r\n')
  assert.match(await nextOctets(socket), /^HTTP\/1\.1 200/)
  socket.destroy()
  while (lab.records.length === 0) await new Promise((next) => setTimeout(next, 10))
  assert.equal(lab.records[0]?.protocol, 'smtp')
})

test('a banner of the server does not make something else of what the client says', async () => {
  await using server = await startTlsEcho()
  await using banner = await startUpstream(() => {})
  banner.server.on('connection', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
  const ssh = [{ id: 'ssh', action: 'allow', to: ['127.0.0.1'], protocol: ['ssh'] }] as const
  await using lab = await startLab({ policy: labPolicy(ssh) })
  const socket = await openConnect(lab.port, `127.0.0.1:${banner.port}`)
  await nextOctets(socket)
  await tlsGreeting(socket, 'x.example')
  await lab.recorded(1)
  assert.deepEqual([lab.records[0]?.protocol, lab.records[0]?.outcome], ['tls', 'denied'])
  assert.equal(banner.received(), '')
  assert.equal(server.octets(), 0)
})

test('every request of plain HTTP in a tunnel is judged, and goes to where the tunnel leads', async () => {
  await using server = await startUpstream()
  const rules = [
    { id: 'no-secret', action: 'deny', to: ['up.example.com'], http: { path: ['/secret/**'] } },
    ...OPEN_RULES,
  ] as const
  await using lab = await startLab({ policy: labPolicy(rules) })
  const authority = `up.example.com:${server.port}`
  const request = (path: string, host = authority): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  const answers = await lab.send(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    request('/a'),
    request('/secret/b'),
    request('/x/../secret/c'),
    request('/%73ecret/d'),
    request('/e', 'bad.evil.example'),
    request('/f'),
  )
  assert.deepEqual(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
    ['200', '200', '403', '403', '403', '403', '200'],
  )
  assert.deepEqual(server.received().match(/^GET \S+/gm), ['GET /a', 'GET /f'])
})

test('a rule about requests is uncertain where TLS hides them, and what is uncertain is denied', async () => {
  await using server = await startTlsEcho()
  const rules = [
    { id: 'no-upload', action: 'deny', to: ['up.example.com'], http: { method: ['PUT'] } },
    ...OPEN_RULES,
  ] as const
  await using lab = await startLab({ policy: labPolicy(rules) })
  const socket = await openConnect(lab.port, `up.example.com:${server.port}`)
  assert.equal(await tlsGreeting(socket, 'up.example.com'), 'access denied')
  await lab.recorded(1)
  assert.equal(lab.records[0]?.reason, 'undetermined')
})

test('in monitor mode all of it passes, and the record says what would be', async () => {
  await using server = await startTlsEcho()
  await using lab = await startLab({ policy: labPolicy([{ id: 'none', action: 'deny' }], 'monitor') })
  assert.equal(await tlsGreeting(await openConnect(lab.port, `up.example.com:${server.port}`), 'x.example'), 'hello')
  while (lab.records.length === 0) await new Promise((next) => setTimeout(next, 10))
  assert.deepEqual(
    [lab.records[0]?.outcome, lab.records[0]?.verdict, lab.records[0]?.mode],
    ['allowed', 'deny', 'monitor'],
  )
})

test('a new policy cuts the tunnels that it denies, and leaves the others', async () => {
  await using server = await startUpstream(() => {})
  await using lab = await startLab()
  const [cut, kept] = [
    await openConnect(lab.port, `up.example.com:${server.port}`),
    await openConnect(lab.port, `127.0.0.1:${server.port}`),
  ]
  for (const socket of [cut, kept]) socket.write('SSH-2.0-x\r\n')
  while (lab.proxy.counts().openTunnels < 2) await new Promise((next) => setTimeout(next, 10))
  lab.proxy.replacePolicy(labPolicy([{ id: 'no-up', action: 'deny', to: ['up.example.com'] }, ...OPEN_RULES]))
  await untilEnd(cut)
  assert.equal(kept.destroyed, false)
  assert.equal(lab.proxy.counts().totals.tunnelsCutByPolicy, 1)
  kept.destroy()
})

test('a client that ends its side still gets the answer', async () => {
  await using server = await startUpstream((socket, received) => {
    if (received.endsWith('end')) setTimeout(() => socket.end('late answer'), 50)
  })
  await using lab = await startLab()
  const socket = await openConnect(lab.port, `127.0.0.1:${server.port}`)
  socket.end('SSH-2.0-x\r\nend')
  assert.equal(await untilEnd(socket), 'late answer')
})

test('a tunnel in which nothing moves is closed', async () => {
  await using server = await startUpstream(() => {})
  await using lab = await startLab({ timeouts: { tunnelIdleMs: 100, keepAliveMs: 100 } })
  const silent = await openConnect(lab.port, `127.0.0.1:${server.port}`)
  const begun = await openConnect(lab.port, `127.0.0.1:${server.port}`)
  begun.write('SSH-2.0-x\r\n')
  await Promise.all([untilEnd(silent), untilEnd(begun)])
  assert.equal(lab.proxy.counts().openTunnels, 0)
})
