import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createAuthority } from '@sallyport/proxy'
import { POLICY, startProxy, startServer } from './proxy.fixture.ts'
import { sallyport } from './sallyport.ts'
import { folder, run, until } from './serving.fixture.ts'

test('a proxy of the command line: serves, denies, logs, counts, reads its policy again, and ends with 0', async () => {
  using files = folder()
  await using server = await startServer()
  const logged = ['--access-log', files.path('log'), '--metrics', '127.0.0.1:0', '--workers', '2']
  await using proxy = await startProxy(files, ...logged)
  assert.equal(await proxy.curl(server.url), 'served 200')
  assert.match(await proxy.curl('http://10.0.0.1/'), /"reason":"denied".* 403$/s)
  renameSync(files.path('log'), files.path('log.1'))
  writeFileSync(files.path('policy.yaml'), POLICY.replace('allow', 'deny'))
  await proxy.readAgain('read again')
  assert.match(await proxy.curl(server.url), /"rule":"lab".* 403$/s)
  writeFileSync(files.path('policy.yaml'), 'sallyport: 1\nname: lab\nrulez: []\n')
  await proxy.readAgain('kept the policy')
  assert.match(await proxy.curl(server.url), /"rule":"lab".* 403$/s)
  const { address, port } = proxy.metrics!
  const metrics = await (await fetch(`http://${address}:${port}/metrics`)).text()
  assert.match(metrics, /^sallyport_proxy_requests_total\{via="http"\} 4$/m)
  assert.match(metrics, /^sallyport_proxy_refused_total\{reason="denied"\} 3$/m)
  assert.equal(await proxy.end(), 0)
  const outcomes = (name: string): string[] =>
    readFileSync(files.path(name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { outcome: string }).outcome)
  assert.deepEqual(
    [outcomes('log.1'), outcomes('log')],
    [
      ['allowed', 'denied'],
      ['denied', 'denied'],
    ],
  )
})

test('metrics go to a collector, the last when the proxy ends', async () => {
  using files = folder()
  await using server = await startServer()
  const received: { readonly url: string; readonly key: unknown; readonly body: string }[] = []
  const collector = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      received.push({ url: request.url!, key: request.headers['x-key'], body })
      response.end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'x-key=a%20b'
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  await using proxy = await startProxy(files, '--workers', '2', '--otlp', url)
  delete process.env['OTEL_EXPORTER_OTLP_HEADERS']
  assert.equal(await proxy.curl(server.url), 'served 200')
  const code = await proxy.end()
  collector.close()
  assert.equal(code, 0)
  const last = received.at(-1)!
  assert.deepEqual([last.url, last.key], ['/v1/metrics', 'a b'])
  assert.match(last.body, /"sallyport_proxy_requests_total".*"stringValue":"http"}}\],[^}]*"asInt":"1"/)
})

test('a worker that is killed is replaced as soon as another can begin; what it recorded is kept', async () => {
  using files = folder()
  await using server = await startServer()
  await using proxy = await startProxy(files, '--workers', '2')
  for (let index = 0; index < 4; index++) assert.equal(await proxy.curl(server.url), 'served 200')
  const { stdout } = await run('pgrep', ['-P', String(proxy.child.pid)])
  writeFileSync(files.path('policy.yaml'), 'rulez: []\n')
  for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL')
  await until(() => proxy.notes.some((line) => line.includes('no worker in its place yet')))
  writeFileSync(files.path('policy.yaml'), POLICY)
  for (let index = 0; index < 6; index++) assert.equal(await proxy.curl(server.url), 'served 200')
  proxy.child.kill('SIGTERM')
  await once(proxy.child, 'exit')
  const top = sallyport(['top', '--store', files.path('store'), '--json'])
  const { rows } = JSON.parse(top.stdout) as { rows: { key: string; flows: number }[] }
  assert.deepEqual(
    rows.map(({ key, flows }) => [key, flows]),
    [['127.0.0.1', 10]],
    top.stderr,
  )
})

test('a user who is taken out of the file is nobody after SIGHUP', async () => {
  using files = folder()
  await using server = await startServer()
  // Of the password "pw".
  const hash = '$2b$04$SGigvbqB9.EimTOacLQQEOSXvjN6TiDxXD8I.TozrNr7W0K1wvIF.'
  writeFileSync(files.path('users'), `ann:${hash}\n`)
  await using proxy = await startProxy(files, '--workers', '1', '--users', files.path('users'))
  assert.equal(await proxy.curl('-U', 'ann:pw', server.url), 'served 200')
  assert.match(await proxy.curl('-U', 'ann:no', server.url), / 407$/)
  writeFileSync(files.path('users'), 'ann\n')
  await proxy.readAgain('kept the policy in force')
  assert.equal(await proxy.curl('-U', 'ann:pw', server.url), 'served 200')
  writeFileSync(files.path('users'), `bob:${hash}\n`)
  await proxy.readAgain('read again')
  assert.match(await proxy.curl('-U', 'ann:pw', server.url), / 407$/)
  assert.equal(await proxy.curl('-U', 'bob:pw', server.url), 'served 200')
})

test('what runs may end after the signal to stop, and no new connection is taken', async () => {
  using files = folder()
  const [asked, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using slow = await startServer((response) => {
    response.write('slow')
    asked.resolve()
    void stopped.promise.then(() => response.end(' answer'))
  })
  await using proxy = await startProxy(files, '--workers', '1')
  const answer = proxy.curl(slow.url)
  await asked.promise
  proxy.child.kill('SIGTERM')
  let refused = ''
  while (!refused.includes('Failed to connect'))
    refused = await proxy.curl('http://127.0.0.1:1/').catch((error: Error) => error.message)
  stopped.resolve()
  const [[code], answered] = await Promise.all([once(proxy.child, 'exit'), answer])
  assert.deepEqual([code, answered], [0, 'slow answer 200'])
})

test('what cannot be is said with what to do', async () => {
  using files = folder()
  assert.match(sallyport(['proxy']).stderr, /nothing says where to listen/)
  assert.match(sallyport(['proxy', '--listen', '127.0.0.1:0']).stderr, /nothing says what may pass/)
  await using proxy = await startProxy(files, '--workers', '1')
  const given = ['--policy', files.path('policy.yaml'), '--upstream', '127.0.0.1:1']
  const taken = sallyport(['proxy', '--listen', `127.0.0.1:${proxy.port}`, ...given, '--workers', '2'])
  assert.equal(taken.status, 3)
  assert.match(taken.stderr, /cannot listen: the address is taken/)
  const limit = sallyport(['proxy', '--listen', '127.0.0.1:0', ...given, '--limit', 'heads=5'])
  assert.equal(limit.status, 2)
  assert.match(limit.stderr, /headBytes/)
  const keys = sallyport([
    'proxy',
    '--listen',
    '127.0.0.1:0',
    ...given,
    '--workers',
    '1',
    '--jwks',
    'http://id.example/keys',
  ])
  assert.equal(keys.status, 2)
  assert.match(keys.stderr, /no place to fetch keys from/)
})

test('an authority that will end soon is said once, and what is not inspected is served', async () => {
  using files = folder()
  await using server = await startServer()
  for (const [days, said] of [
    [3640, /authority in \S+ ends on \d{4}-\d\d-\d\d;/],
    [3600, null],
  ] as const) {
    const { cert, key } = await createAuthority('Lab', Date.now() - days * 86_400_000)
    writeFileSync(files.path('ca.pem'), `${key}${cert}`, { mode: 0o600 })
    await using proxy = await startProxy(files, '--workers', '2', '--tls-inspect', files.path('ca.pem'))
    assert.equal(await proxy.curl(server.url), 'served 200')
    const notes = proxy.notes.filter((line) => line.includes('the authority'))
    assert.deepEqual([notes.length, said === null || said.test(notes[0]!)], [said === null ? 0 : 1, true])
  }
})

test('workers share what a rule with a limit lets through, beyond a worker and a policy', async () => {
  using files = folder()
  await using server = await startServer()
  await using proxy = await startProxy(files, '--workers', '3')
  const policy = POLICY.replace('to: [127.0.0.1]', 'to: [127.0.0.1], limit: { connections: 5, bytesOut: 1MB }')
  writeFileSync(files.path('policy.yaml'), policy)
  await proxy.readAgain('read again')
  const answers = await Promise.all(Array.from({ length: 12 }, () => proxy.curl('-o', '/dev/null', server.url)))
  assert.equal(answers.filter((answer) => answer.endsWith('200')).length, 5)
  await proxy.readAgain('read again')
  assert.match(await proxy.curl(server.url), /limit-connections.* 429$/s)
})
