import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { MAIN } from './sallyport.ts'

const run = promisify(execFile)

test('a resolver fetches the feeds of its policy that are missing, and new copies as they come', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-refresh-'))
  let list = 'first.example\n'
  const server = createServer((_, response) => void response.end(list))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const policy = join(directory, 'policy.yaml')
  writeFileSync(
    policy,
    `sallyport: 1\ndefault: allow\nfeeds:\n  bad: { url: "http://127.0.0.1:${port}/list.txt", refresh: 1s }\nrules:\n  - { id: no-bad, action: deny, to: [{ feed: bad }] }\n`,
  )
  const args = ['dns', '--json', '--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1', '--policy', policy]
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, SALLYPORT_STATE: directory },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    const notes: string[] = []
    const told = async (text: string): Promise<string> => {
      for (;;) {
        const found = notes.find((line) => line.includes(text))
        if (found !== undefined) return found
        if (child.exitCode !== null) assert.fail(notes.join('\n'))
        await new Promise((next) => setTimeout(next, 20))
      }
    }
    createInterface({ input: child.stderr }).on('line', (line) => notes.push(line))
    const ready = JSON.parse(await told('"ready"')) as { endpoints: { port: number }[] }
    const status = async (name: string): Promise<string> => {
      const { stdout } = await run('dig', [
        '@127.0.0.1',
        '-p',
        String(ready.endpoints[0]!.port),
        '+tries=1',
        '+time=5',
        name,
      ])
      return /status: ([A-Z]+)/.exec(stdout)?.[1] ?? stdout
    }
    assert.match(notes.join('\n'), /feed bad: 1 entries in force/)
    assert.equal(await status('www.first.example'), 'NXDOMAIN')
    assert.equal(await status('second.example'), 'SERVFAIL')
    list = '<html>moved</html>'
    await told('a page of HTML')
    assert.equal(await status('first.example'), 'NXDOMAIN')
    list = 'second.example\nthird.example\n'
    // Both: after a failure the next try waits for the refresh at least.
    await told('feed bad: 2 entries in force')
    await told('read again')
    assert.equal(await status('second.example'), 'NXDOMAIN')
    assert.equal(await status('first.example'), 'SERVFAIL')
  } finally {
    child.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
