import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { FlowRecord } from '@sallyport/flow'
import { FlowSpool, StateStore } from '@sallyport/store'
import { MAIN, sallyport } from './sallyport.ts'

const START = Date.parse('2026-10-01T00:00:00Z')
const calls = Array.from({ length: 120 }, (_, index) =>
  JSON.stringify({ time: START + index * 60_000, app: '/tmp/x', domain: 'c2.example', port: 443, transport: 'tcp' }),
).join('\n')

test('a timer in a log is an alert with its evidence, and --fail-on-alert answers 1', () => {
  const { status, stdout } = sallyport(['alerts', '--flows', '-', '--fail-on-alert', '--json'], calls)
  const { flows, alerts } = JSON.parse(stdout) as { flows: number; alerts: { detector: string; sentence: string }[] }
  assert.equal(status, 1)
  assert.equal(flows, 120)
  assert.deepEqual(
    alerts.map(({ detector, sentence }) => [detector, sentence]),
    [['beacon', '/tmp/x called c2.example 120 times, every 60 s, give or take 0 %']],
  )
})

test('alerts are followed, each on a line, until interrupted', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-alerts-'))
  const [log, store] = [join(folder, 'calls.jsonl'), join(folder, 'flows')]
  writeFileSync(log, calls)
  assert.equal(sallyport(['flows', '--import', log, '--store', store]).status, 0)
  const args = ['alerts', '--store', store, '--follow', '--detector', 'beacon', '--json']
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value } = await lines.next()
  assert.equal((JSON.parse(String(value)) as { detector: string }).detector, 'beacon')
  child.kill('SIGINT')
  assert.deepEqual(await exit, [0, null])
  rmSync(folder, { recursive: true })
})

test('a detector that does not exist is an error with the nearest', () => {
  const { status, stderr } = sallyport(['alerts', '--flows', '-', '--detector', 'becon'], calls)
  assert.equal(status, 2)
  assert.match(stderr, /Did you mean beacon\?/)
})

const POLICY = `
sallyport: 1
default: allow
feeds: { c2: { url: https://lists.example/c2 } }
rules:
  - { id: no-c2, action: deny, to: [{ feed: c2 }] }
  - { id: watched, action: allow, to: [watched.example], alert: high }
  - { id: block-watched-example, action: deny, to: [other.example] }
`
const decided = (rule: string, domain: string): string =>
  JSON.stringify({
    time: new Date(START).toISOString(),
    app: '/tmp/x',
    domain,
    port: 443,
    verdict: {
      verdict: 'allow',
      rule,
      layer: 'policy',
      mode: 'enforce',
      stage: 'connect',
      reason: 'rule',
      explain: '',
    },
  })
const DECIDED = `${decided('no-c2', 'c2.example')}\n${decided('watched', 'watched.example')}\n`

type Shown = {
  readonly detector: string
  readonly severity: string
  readonly offers: { block: { id: string; to: object[] } }
}

test('rules of the policy that ask for an alert, or refuse what feeds list, are told; what is offered has an id of its own', () => {
  const policy = join(mkdtempSync(join(tmpdir(), 'sallyport-alerts-')), 'policy.yaml')
  writeFileSync(policy, POLICY)
  const only = ['--detector', 'feed-hit', '--detector', 'rule-alert', '--json']
  const shown = (more: readonly string[]): readonly Shown[] =>
    (JSON.parse(sallyport(['alerts', '--flows', '-', ...only, ...more], DECIDED).stdout) as { alerts: Shown[] }).alerts
  assert.deepEqual(shown([]), [])
  assert.deepEqual(
    shown(['--policy', policy]).map(({ detector, severity, offers: { block } }) => [
      detector,
      severity,
      block.id,
      block.to,
    ]),
    [
      ['rule-alert', 'high', 'block-watched-example-2', [{ domain: 'watched.example' }]],
      ['feed-hit', 'medium', 'block-c2-example', [{ domain: 'c2.example' }]],
    ],
  )
})

test('beside a store, it is the policy that was put in force there', async () => {
  const state = mkdtempSync(join(tmpdir(), 'sallyport-alerts-'))
  {
    await using kept = await StateStore.open(join(state, 'state.db'))
    const files = [{ file: 'p.yaml', text: POLICY }]
    await kept.policies.apply({
      files,
      author: 'test',
      reason: '',
      createdMs: START,
      mode: 'monitor',
      confirmByMs: null,
    })
    using spool = FlowSpool.open({ directory: join(state, 'spool') })
    for (const line of DECIDED.trim().split('\n')) spool.append(JSON.parse(line) as FlowRecord)
  }
  const { stdout, stderr } = sallyport(['alerts', '--store', join(state, 'flows'), '--json'])
  const { alerts } = JSON.parse(stdout) as { alerts: Shown[] }
  assert.deepEqual(alerts.map(({ detector }) => detector).toSorted(), ['feed-hit', 'rule-alert'], stderr)
})
