import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { MAIN, sallyport } from './sallyport.ts'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
after(() => rmSync(directory, { recursive: true }))
const policy = join(directory, 'policy.yaml')
writeFileSync(
  policy,
  'sallyport: 1\nname: p\nrules:\n  - { id: code, action: allow, to: [github.com], ports: [443] }\n',
)

const ALLOWED = '{"domain":"github.com","dst":"192.0.2.1","port":443,"transport":"tcp"}'
const DENIED = '{"domain":"github.com","dst":"192.0.2.1","port":80,"transport":"tcp"}'
const parse = (stdout: string): readonly { verdict?: string; error?: { line: number } }[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { verdict?: string; error?: { line: number } })

test('one verdict a flow, in order', () => {
  const ended = sallyport(['decide', policy], `${ALLOWED}\n${DENIED}\n${ALLOWED}`)
  assert.equal(ended.status, 0, ended.stderr)
  assert.deepEqual(
    parse(ended.stdout).map(({ verdict }) => verdict),
    ['allow', 'deny', 'allow'],
  )
})

test('a flow on the command line is the flow itself', () => {
  assert.deepEqual(
    parse(sallyport(['decide', policy, '--flow', DENIED], '').stdout).map(({ verdict }) => verdict),
    ['deny'],
  )
  const bad = sallyport(['decide', policy, '--flow', '{"prot":1}'], '')
  assert.equal(bad.status, 2)
  assert.match(bad.stderr, /^--flow:1: .*did you mean "port"/m)
})

test('a denied flow is a no under --fail-on-deny only', () => {
  assert.equal(sallyport(['decide', policy, '--fail-on-deny'], ALLOWED).status, 0)
  assert.equal(sallyport(['decide', policy, '--fail-on-deny'], DENIED).status, 1)
})

test('a bad line is an error with its number in its place, the others are decided, the exit code is 2', () => {
  const bad = ['{', '[]', '{"prot":1}', '{"port":"x"}', 'null', `{"app":"${'x'.repeat(2 ** 20)}"}`]
  const ended = sallyport(['decide', policy], [ALLOWED, ...bad, DENIED].join('\n'))
  assert.equal(ended.status, 2)
  const out = parse(ended.stdout)
  assert.deepEqual(
    out.map(({ verdict, error }) => verdict ?? error?.line),
    ['allow', 2, 3, 4, 5, 6, 7, 'deny'],
  )
  assert.match(ended.stderr, /standard input:4: .*did you mean "port"\?/)
})

test('a stage knows no facts of later stages', () => {
  const ended = sallyport(['decide', policy, '--stage', 'connect'], ALLOWED)
  assert.deepEqual(
    parse(ended.stdout).map(({ verdict }) => verdict),
    ['undetermined'],
  )
})

test('a reader that goes away is no error', () => {
  const script = `yes '${ALLOWED}' | head -20000 | "$0" "$1" decide "$2" | head -1`
  const ended = spawnSync('bash', ['-c', script, process.execPath, MAIN, policy], { encoding: 'utf8' })
  assert.equal(ended.stderr, '')
  assert.equal(parse(ended.stdout).length, 1)
})
