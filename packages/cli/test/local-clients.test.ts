import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { MAIN } from './sallyport.ts'

const run = promisify(execFile)
const CURL = realpathSync('/usr/bin/curl')
const FETCH = `import sys, urllib.error, urllib.request
try: print(urllib.request.build_opener(urllib.request.ProxyHandler({"http": sys.argv[1]})).open(sys.argv[2], timeout=5).status)
except urllib.error.HTTPError as error: print(error.code, error.read().decode())`

test('rules for applications and users hold for clients of the proxy on its own host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-local-'))
  const file = (name: string): string => join(folder, name)
  writeFileSync(
    file('policy.yaml'),
    `sallyport: 1
name: lab
rules:
  - { id: curl, action: allow, from: [{ app: ${CURL}, user: ${userInfo().username} }], to: [127.0.0.1] }
`,
  )
  const server = createServer((_, response) => response.end('served')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const args = ['--listen', '127.0.0.1:0', '--policy', file('policy.yaml'), '--upstream', '127.0.0.1:1']
  const child = spawn(
    process.execPath,
    [MAIN, 'proxy', '--json', ...args, '--workers', '1', '--local-clients', '--access-log', file('log')],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  try {
    const ready = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => line.includes('"ready"') && resolve(line))
      child.once('exit', () => reject(new Error('the proxy ended')))
    })
    const proxy = `http://127.0.0.1:${(JSON.parse(ready) as { endpoints: [{ port: number }] }).endpoints[0].port}`
    const curl = await run(CURL, ['-sS', '-m', '5', '-w', ' %{http_code}', '-x', proxy, url])
    assert.equal(curl.stdout, 'served 200')
    const tunnel = await run(CURL, ['-sS', '-m', '5', '-w', ' %{http_code}', '-p', '-x', proxy, url])
    assert.equal(tunnel.stdout, 'served 200')
    const python = await run('/usr/bin/python3', ['-c', FETCH, proxy, url])
    assert.match(python.stdout, /^403 .*"reason":"denied"/)
    child.kill('SIGTERM')
    await once(child, 'exit')
    const log = readFileSync(file('log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const last = log.at(-1)!
    assert.deepEqual([log[0]!['app'], log[0]!['user']], [CURL, userInfo().username])
    assert.deepEqual([last['app'], last['outcome']], [realpathSync('/usr/bin/python3'), 'denied'])
  } finally {
    child.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
