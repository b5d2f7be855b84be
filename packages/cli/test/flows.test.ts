import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text as textOf } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { FlowStore, parseStoredFlow, serveStore, storeSocket, type StoredFlow } from '@sallyport/store'
import { MAIN, sallyport } from './sallyport.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-flows-'))
const log = join(folder, 'flows.jsonl')
const store = join(folder, 'store')
after(() => rmSync(folder, { recursive: true }))

const flow = (facts: object): string => `${JSON.stringify({ transport: 'tcp', port: 443, ...facts })}\n`
writeFileSync(
  log,
  flow({ time: '2026-10-01T00:00:00Z', domain: 'api.github.com', app: '/usr/bin/git' }) +
    flow({ time: '2026-10-01T00:00:01Z', domain: 'x.example', app: '/usr/bin/curl' }) +
    flow({ time: '2026-10-01T00:00:02Z', domain: 'x.example', app: '/usr/bin/curl' }),
)

test('the flows of a state directory are those of its store, and one place is asked at a time', () => {
  const state = join(folder, 'state-of-up')
  assert.equal(sallyport(['flows', '--import', log, '--state', state]).status, 0)
  for (const place of [
    ['--state', state],
    ['--store', join(state, 'flows')],
  ])
    assert.equal(JSON.parse(sallyport(['flows', ...place, '--json']).stdout).flows.length, 3)
  for (const other of [
    ['--store', store],
    ['--flows', log],
  ])
    assert.equal(sallyport(['flows', '--state', state, ...other]).status, 2)
})

test('a log that is imported twice is in the store once', () => {
  const first = sallyport(['flows', '--import', log, '--store', store, '--json'])
  assert.deepEqual([first.status, JSON.parse(first.stdout)], [0, { read: 3, stored: 3, invalid: 0 }])
  const again = sallyport(['flows', '--import', log, '--store', store, '--json'])
  assert.deepEqual(JSON.parse(again.stdout), { read: 3, stored: 0, invalid: 0 })
  const top = sallyport(['top', '--store', store, '--json'])
  const { rows } = JSON.parse(top.stdout) as { rows: { key: string; flows: number }[] }
  assert.deepEqual(
    rows.map(({ key, flows }) => [key, flows]),
    [
      ['x.example', 2],
      ['api.github.com', 1],
    ],
  )
})

test('a log that grew adds what is new', () => {
  const grown = join(folder, 'grown.jsonl')
  const other = join(folder, 'other-store')
  const lines = [1, 2, 3, 4, 5].map((port) => flow({ time: '2026-10-01T00:00:00Z', port }))
  const counts = [2, 3, 5, 5].map((count) => {
    writeFileSync(grown, lines.slice(0, count).join(''))
    const { stdout } = sallyport(['flows', '--import', grown, '--store', other, '--json'])
    return (JSON.parse(stdout) as { stored: number }).stored
  })
  assert.deepEqual(counts, [2, 1, 2, 0])
})

test('a page says where the next one begins', () => {
  const page = JSON.parse(sallyport(['flows', '--store', store, '--limit', '2', '--json']).stdout) as {
    flows: object[]
    next: string
  }
  assert.equal(page.flows.length, 2)
  const last = JSON.parse(sallyport(['flows', '--store', store, '--after', page.next, '--json']).stdout) as {
    flows: { domain: string }[]
    next: null
  }
  assert.deepEqual([last.flows.map(({ domain }) => domain), last.next], [['api.github.com'], null])
})

test('flows are written for other systems line by line, all of them', () => {
  const lines = (format: string): readonly string[] =>
    sallyport(['flows', '--store', store, '--export', format]).stdout.trimEnd().split('\n')
  assert.deepEqual(
    lines('jsonl').map((line) => (JSON.parse(line) as { domain: string }).domain),
    ['x.example', 'x.example', 'api.github.com'],
  )
  assert.deepEqual(
    lines('ocsf').map((line) => (JSON.parse(line) as { class_uid: number }).class_uid),
    [4001, 4001, 4001],
  )
  assert.ok(lines('cef').every((line) => line.startsWith('CEF:0|Sallyport|Sallyport|')))
})

test('an export has its name when it is whole, and writes over nothing unless told to', () => {
  const output = join(folder, 'flows.csv')
  const args = ['flows', '--store', store, '--export', 'csv', '--output', output]
  assert.equal(sallyport(args).status, 0)
  const whole = readFileSync(output, 'utf8')
  assert.equal(whole.trimEnd().split('\n').length, 4)
  const again = sallyport([...args, '--json'])
  assert.deepEqual([again.status, failureOf(again.stderr)], [2, 'file-exists'])
  assert.equal(sallyport([...args, 'domain:x.example', '--force']).status, 0)
  assert.equal(readFileSync(output, 'utf8').trimEnd().split('\n').length, 3)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  )
})

test('an output that cannot be written is an error, and no stack of calls', () => {
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'flows', '--store', store, '--export', 'jsonl', '--json'],
    {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    },
  )
  closeSync(full)
  assert.deepEqual([status, failureOf(stderr)], [2, 'file-not-writable'])
})

function failureOf(stderr: string): string {
  return (JSON.parse(stderr) as { error: { code: string } }).error.code
}

test(
  'what another process has just opened is asked for as soon as that answers for it',
  { timeout: 60_000 },
  async () => {
    const state = join(folder, 'state')
    mkdirSync(state)
    const opened = await FlowStore.open(join(state, 'flows'))
    const guard = createServer((_, response) => response.end('{}')).listen(join(state, 'control.sock'))
    try {
      const child = spawn(process.execPath, [MAIN, 'top', '--store', join(state, 'flows'), '--json'])
      const ended = Promise.all([textOf(child.stdout), once(child, 'exit')])
      // What ClickHouse says by itself when it finds its directory taken.
      await once(child.stderr, 'data')
      await using _shared = await serveStore(storeSocket(state), opened)
      const [output, [code]] = await ended
      assert.deepEqual([code, JSON.parse(output)], [0, { by: 'destination', rows: [] }])
    } finally {
      guard.close()
      opened[Symbol.dispose]()
    }
  },
)

test('a log is read without a store', () => {
  const { status, stdout } = sallyport(['flows', '--flows', log, 'domain:*.github.com'])
  assert.equal(status, 0)
  assert.match(stdout, /^2026-10-01T00:00:00.000Z seen +api\.github\.com {2}tcp\/443 {2}\/usr\/bin\/git\n$/)
})

test('a line that is no flow is named, the others are stored, and the answer is 2', () => {
  writeFileSync(join(folder, 'bad.jsonl'), `{"port":"x"}\n${flow({ domain: 'y.example' })}`)
  const { status, stdout, stderr } = sallyport([
    'flows',
    '--import',
    join(folder, 'bad.jsonl'),
    '--store',
    store,
    '--json',
  ])
  assert.deepEqual([status, JSON.parse(stdout)], [2, { read: 1, stored: 1, invalid: 1 }])
  assert.match(stderr, /bad\.jsonl:1: port/)
})

test('a filter that holds for nothing says so, beside the answer', () => {
  const { status, stdout, stderr } = sallyport(['flows', '--flows', log, 'domain:none.example'])
  assert.deepEqual([status, stdout, stderr], [0, '', 'no flow matches\n'])
})

test('a filter with a wrong key is an error with the right one', () => {
  const { status, stderr } = sallyport(['flows', '--store', store, 'domian:x.example'])
  assert.equal(status, 2)
  assert.match(stderr, /Did you mean domain\?/)
})

test('flows that come are followed: the newest last, each once, until interrupted', { timeout: 60_000 }, async () => {
  const state = join(folder, 'followed')
  mkdirSync(state)
  using opened = await FlowStore.open(join(state, 'flows'))
  await using _shared = await serveStore(storeSocket(state), opened)
  const store = async (id: string, ...names: readonly string[]): Promise<void> => {
    const facts = (domain: string, index: number): string =>
      flow({ domain, time: new Date(Date.parse('2026-10-01T00:00:00Z') + index * 1000).toISOString() })
    const parsed = names.map((name, index) => parseStoredFlow(facts(name, index)) as StoredFlow)
    await opened.ingest({ id, flows: parsed }, Date.parse('2026-10-02T00:00:00Z'))
  }
  await store('first', 'left-out.example', 'a.example', 'b.example')
  const args = ['flows', '--store', join(state, 'flows'), '--follow', '--limit', '2', '--json']
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async (): Promise<string> =>
    (JSON.parse(String((await lines.next()).value)) as { domain: string }).domain
  assert.deepEqual([await said(), await said()], ['a.example', 'b.example'])
  await store('second', 'c.example')
  assert.equal(await said(), 'c.example')
  child.kill('SIGINT')
  assert.deepEqual(await exit, [0, null])
  assert.equal((await lines.next()).done, true)
})

test('a term that is turned round is no option, and a misspelled option is no term', () => {
  const without = sallyport(['top', '--flows', log, '-domain:.github.com', '--json', '-app:/usr/bin/git'])
  const { rows } = JSON.parse(without.stdout) as { rows: { key: string }[] }
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['x.example'],
  )
  for (const [wrong, remedy] of [
    ['--jsn', /Did you mean --json\?/],
    ['-x', /unknown option '-x'/],
  ] as const) {
    const { status, stderr } = sallyport(['flows', '--flows', log, wrong])
    assert.equal(status, 2)
    assert.match(stderr, remedy)
  }
})

test('a word that no flow can have is an error, not an empty answer', () => {
  const { status, stderr } = sallyport(['flows', '--flows', log, 'verdict:denied'])
  assert.equal(status, 2)
  assert.match(stderr, /verdict: "denied" is not allow, deny, undetermined/)
})

test('what is wrong with a question is the same whoever has the store open', { timeout: 60_000 }, async () => {
  const state = join(folder, 'asked')
  mkdirSync(state)
  using opened = await FlowStore.open(join(state, 'flows'))
  await using _shared = await serveStore(storeSocket(state), opened)
  const child = spawn(process.execPath, [MAIN, 'flows', '--store', join(state, 'flows'), '--after', 'zzz'])
  const [stderr, [code]] = await Promise.all([textOf(child.stderr), once(child, 'exit')])
  assert.equal(code, 2)
  assert.match(stderr, /"zzz" is not the end of a page\n +Give the `next` of the page before/)
})

test('a standard input that stays open and says nothing holds no command up', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [MAIN, 'top', '--flows', log, '--json'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([textOf(child.stdout), once(child, 'exit')])
  child.stdin.destroy()
  assert.equal(code, 0)
  assert.equal((JSON.parse(output) as { rows: object[] }).rows.length, 2)
})

test('where no store can be, flows says so and leaves everything as it is', () => {
  const other = join(folder, 'other-files')
  mkdirSync(other)
  writeFileSync(join(other, 'notes.txt'), '')
  for (const place of ['/proc/x', '/proc/x/y', '/dev/null', other]) {
    const ended = sallyport(['flows', '--store', place])
    assert.equal(ended.status, 3, `${place}: ${ended.stderr}`)
    assert.match(ended.stderr, place === other ? /is no flow store/ : /cannot be made/)
  }
  assert.deepEqual(readdirSync(other), ['notes.txt'])
})
