import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { AS_USER, Lab, needsRoot } from './lab.ts'

const CURL = ['curl', '-sS', '-m', '20']

type Line = {
  readonly dst?: string
  readonly boundNames?: string[]
  readonly domain?: string
  readonly app?: string
  readonly transport?: string
  readonly id?: string
  readonly ended?: true
  readonly bytesIn?: number
  readonly durationMs?: number
  readonly verdict: { readonly verdict: string; readonly mode: string }
}

suite('run reports', { skip: needsRoot }, () => {
  let lab: Lab
  const file = (name: string): string => join(lab.directory, name)
  const lines = (name: string): readonly Line[] =>
    readFileSync(file(name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  before(async () => void (lab = await Lab.open()))
  after(() => lab[Symbol.asyncDispose]())

  test('every flow with its verdict, in a form that decide reads', async () => {
    const policy = file('policy.yaml')
    writeFileSync(
      policy,
      'sallyport: 1\nname: lab\nrules:\n  - { id: web, action: allow, to: [allowed.test], ports: [80] }\n',
    )
    // By one family: a client that waits 200 ms for one tries the other too (RFC 8305), which is a flow more.
    const script = `${CURL.join(' ')} -4 http://allowed.test/; ${CURL.join(' ')} http://198.51.100.20/; true`
    const ended = await lab.run(['--policy', policy, '--report', file('flows.jsonl')], ['sh', '-c', script])
    assert.equal(ended.status, 0, ended.stderr)
    const flows = lines('flows.jsonl')
    const overTcp = flows.filter(({ transport, ended: isEnd }) => transport === 'tcp' && isEnd !== true)
    assert.deepEqual(
      overTcp.map(({ verdict }) => verdict.verdict),
      ['allow', 'deny'],
    )
    assert.ok(
      flows.every(({ app }) => app?.endsWith('/curl')),
      JSON.stringify(flows),
    )
    const end = flows.find(({ ended: isEnd }) => isEnd)
    assert.equal(end?.id, overTcp[0]?.id)
    assert.ok(Number(end?.bytesIn) > 0 && Number(end?.durationMs) >= 0, JSON.stringify(end))
    const decided = await lab.sallyport(['decide', policy, '--flow', file('flows.jsonl')])
    assert.equal(decided.status, 0, decided.stderr)
    const verdicts = decided.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { verdict: string }).verdict)
    assert.deepEqual(
      verdicts,
      flows.map(({ verdict }) => verdict.verdict),
    )
  })

  for (const [who, run] of [
    ['root', 'run'],
    ['an ordinary user', 'runAsUser'],
  ] as const)
    test(`flows of ${who} are recorded, also of a run that is killed, and never twice`, async () => {
      const prefix = run === 'run' ? {} : { prefix: AS_USER }
      const recorded = async (): Promise<readonly Line[]> => {
        const ended = await lab.sallyport(['flows', 'port:443', '--json'], prefix)
        return (JSON.parse(ended.stdout) as { flows: Line[] }).flows
      }
      const get = `${CURL.join(' ')} https://198.51.100.20/`
      await lab[run](['--allow', '192.0.2.1'], ['sh', '-c', `${get}; true`])
      assert.equal((await recorded()).length, 1)
      await lab[run](['--allow', '192.0.2.1'], ['sh', '-c', `${get}; sleep 1; echo done; sleep 2`], {
        onSpawn: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
      })
      assert.equal((await recorded()).length, 2)
      assert.equal((await recorded()).length, 2)
    })

  test('monitor mode lets everything through, says what it would stop, and learns a policy that is enough', async () => {
    const url = 'http://denied.test/'
    const watched = await lab.run(
      ['--allow', 'allowed.test', '--mode', 'monitor', '--learn', file('learned.yaml')],
      [...CURL, url],
    )
    assert.equal(watched.status, 0, watched.stderr)
    assert.match(watched.stderr, /left, but would be stopped/)
    const enforced = await lab.run(['--policy', file('learned.yaml')], [...CURL, url])
    assert.equal(enforced.status, 0, enforced.stderr)
    const other = await lab.run(['--policy', file('learned.yaml')], [...CURL, 'http://allowed.test/'])
    assert.notEqual(other.status, 0)
    const otherPort = await lab.run(['--policy', file('learned.yaml')], [...CURL, 'http://denied.test:2222/'])
    assert.notEqual(otherPort.status, 0)
    assert.match(otherPort.stderr, /stopped\n +denied\.test .*tcp\/2222/)
  })

  test('a summary for programs', async () => {
    const ended = await lab.run(
      ['--allow', 'allowed.test', '--json'],
      ['sh', '-c', `${CURL.join(' ')} http://allowed.test/ >/dev/null`],
    )
    const summary = JSON.parse(ended.stderr) as {
      exitCode: number
      way: string
      groups: { destination: string; port: string }[]
    }
    assert.equal(summary.exitCode, 0)
    assert.deepEqual(
      summary.groups.map(({ destination, port }) => `${destination} ${port}`),
      ['allowed.test tcp/80'],
    )
  })

  test('a deny rule of a policy is not undone by --allow', async () => {
    const policy = file('deny.yaml')
    writeFileSync(policy, 'sallyport: 1\nname: org\nrules:\n  - { id: no-lab, action: deny, to: [denied.test] }\n')
    const ended = await lab.run(['--policy', policy, '--allow', 'denied.test'], [...CURL, 'http://denied.test/'])
    assert.notEqual(ended.status, 0)
    assert.match(ended.stderr, /rule no-lab/)
  })

  test('a path that cannot be written is known before anything runs', async () => {
    const ended = await lab.run(['--allow', 'allowed.test', '--report', '/no/such/dir/f'], ['touch', file('ran')])
    assert.equal(ended.status, 2)
    assert.throws(() => readFileSync(file('ran')))
  })
})
