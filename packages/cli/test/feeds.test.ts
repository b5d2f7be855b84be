import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MAIN } from './sallyport.ts'

type Ended = { readonly status: number; readonly stdout: string; readonly stderr: string }

/** A server with one list, a policy that subscribes to it, and the command with a state of its own. */
class Lists implements AsyncDisposable {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'sallyport-feeds-'))
  readonly policy: string = join(this.directory, 'policy.yaml')
  body = 'evil.example\n'
  status = 200
  readonly #server = createServer((_, response) => void response.writeHead(this.status).end(this.body))

  static async open(): Promise<Lists> {
    const lists = new Lists()
    lists.#server.listen(0, '127.0.0.1')
    await once(lists.#server, 'listening')
    const { port } = lists.#server.address() as AddressInfo
    writeFileSync(
      lists.policy,
      `sallyport: 1\ndefault: allow\nfeeds:\n  bad: { url: "http://127.0.0.1:${port}/bad.txt", refresh: 1h }\n  own: { file: own.txt }\nrules:\n  - { id: no-bad, action: deny, to: [{ feed: bad }, { feed: own }] }\n`,
    )
    return lists
  }

  /** Not spawnSync: the server answers in this process. */
  async run(...args: readonly string[]): Promise<Ended> {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, SALLYPORT_STATE: this.directory } })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [status] = (await once(child, 'close')) as [number]
    return { status, stdout, stderr }
  }

  async verdict(domain: string): Promise<string> {
    const flow = join(this.directory, 'flow.jsonl')
    writeFileSync(flow, `${JSON.stringify({ domain, dst: '203.0.113.1', port: 443, transport: 'tcp' })}\n`)
    const { stdout, stderr } = await this.run('decide', this.policy, '--flow', flow)
    return stdout === '' ? stderr : (JSON.parse(stdout) as { verdict: string }).verdict
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

test('a feed that was never fetched leaves the flow undetermined, an update puts it in force, a bad one changes nothing', async () => {
  await using lists = await Lists.open()
  const { policy } = lists
  writeFileSync(join(lists.directory, 'own.txt'), '*.own.example\n')
  assert.equal(await lists.verdict('evil.example'), 'undetermined')
  assert.equal(await lists.verdict('a.own.example'), 'deny')
  const first = await lists.run('feeds', 'update', '--policy', policy)
  assert.deepEqual(
    [first.status, first.stdout],
    [0, 'bad: updated; 1 entries in force\nown: updated; 1 entries in force\n'],
  )
  assert.equal(await lists.verdict('www.evil.example'), 'deny')
  assert.equal(await lists.verdict('good.example'), 'allow')
  lists.body = '<!doctype html><p>moved'
  const second = await lists.run('feeds', 'update', 'bad', '--policy', policy)
  assert.deepEqual(
    [second.status, second.stdout],
    [1, 'bad: failed: a page of HTML or XML, not a list; 1 entries in force\n'],
  )
  assert.equal(await lists.verdict('evil.example'), 'deny')
  const due = await lists.run('feeds', 'update', '--due', '--policy', policy, '--json')
  assert.deepEqual([due.status, JSON.parse(due.stdout)], [0, []])
  const list = await lists.run('feeds', 'list', '--policy', policy, '--json')
  assert.deepEqual(
    (JSON.parse(list.stdout) as { name: string; state: string; entries: number }[]).map(({ name, state, entries }) => [
      name,
      state,
      entries,
    ]),
    [
      ['bad', 'failing', 1],
      ['own', 'in force', 1],
    ],
  )
  // A file is read as it is, and its last good copy when it is broken.
  writeFileSync(join(lists.directory, 'own.txt'), 'new.example\n')
  assert.equal(await lists.verdict('new.example'), 'deny')
  rmSync(join(lists.directory, 'own.txt'))
  assert.equal(await lists.verdict('a.own.example'), 'deny')
})

test('what is held back and kept out is shown, and accepted by hand', async () => {
  await using lists = await Lists.open()
  const { policy } = lists
  lists.body = `google.com\nbad line\n${Array.from({ length: 400 }, (_, at) => `n${at}.example\n`).join('')}`
  await lists.run('feeds', 'update', 'bad', '--policy', policy)
  const shown = await lists.run('feeds', 'show', 'bad', '--policy', policy)
  assert.match(shown.stdout, /400 entries in force, domains/)
  assert.match(shown.stdout, /line 2: a single label.*: bad line/)
  assert.match(shown.stdout, /\.google\.com: covers the popular site google\.com/)
  lists.body = 'only.example\n'
  const held = await lists.run('feeds', 'update', 'bad', '--policy', policy)
  assert.equal(held.status, 1)
  assert.match(held.stdout, /held back, because it shrank from 400 to 1 entries; 400 entries in force/)
  assert.match(
    (await lists.run('feeds', 'list', '--policy', policy)).stdout,
    /held.*\n.*never fetched[^]*a new copy waits: it shrank/,
  )
  const wrong = await lists.run('feeds', 'accept', 'bad', '.n1.example', '--policy', policy)
  assert.deepEqual([wrong.status, wrong.stderr.includes('.n1.example is not in quarantine')], [2, true])
  const released = await lists.run('feeds', 'accept', 'bad', '.google.com', '--policy', policy)
  assert.equal(released.stdout, 'bad: 401 entries in force; 0 are kept out\n')
  const found = await lists.run('feeds', 'find', 'www.google.com', '--policy', policy)
  assert.deepEqual([found.status, found.stdout], [0, 'bad: .google.com\n'])
  assert.equal(
    (await lists.run('feeds', 'accept', 'bad', '--policy', policy)).stdout,
    'bad: 1 entries in force; 0 are kept out\n',
  )
  assert.equal((await lists.run('feeds', 'find', 'n1.example', '--policy', policy)).status, 1)
  assert.equal((await lists.run('feeds', 'accept', 'bad', '--policy', policy)).status, 2)
})

test('a list on disk is inspected, and what is wrong with the question is said', async () => {
  await using lists = await Lists.open()
  const file = join(lists.directory, 'list.csv')
  writeFileSync(file, 'id,host,ip\n1,a.example,192.0.2.1\n2,github.com,10.0.0.1\n')
  const byName = await lists.run('feeds', 'inspect', file, '--column', 'host')
  assert.match(byName.stdout, /^csv: 1 names, 0 exceptions, 0 prefixes\n0 lines[^]*\.github\.com: covers/)
  const byNumber = JSON.parse((await lists.run('feeds', 'inspect', file, '--column', '3', '--json')).stdout) as {
    prefixes: number
  }
  assert.equal(byNumber.prefixes, 1)
  assert.match(
    (await lists.run('feeds', 'inspect', file, '--column', 'x')).stderr,
    /no column "x"; the columns are id, host, ip/,
  )
  assert.match((await lists.run('feeds', 'inspect', file, '--format', 'x')).stderr, /Allowed choices are domains/)
  assert.match((await lists.run('feeds', 'update')).stderr, /--policy/)
  assert.match(
    (await lists.run('feeds', 'show', 'none', '--policy', lists.policy)).stderr,
    /no feed none[^]*Its feeds: bad, own/,
  )
  assert.equal((await lists.run('feeds')).status, 2)
})
