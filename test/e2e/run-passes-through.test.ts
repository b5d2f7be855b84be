import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { createRunCgroup, removeCgroup } from '@sallyport/kernel'
import { Lab, needsRoot } from './lab.ts'

const ALLOW = ['--allow', 'allowed.test']

suite('run passes through', { skip: needsRoot }, () => {
  let lab: Lab
  before(async () => void (lab = await Lab.open()))
  after(() => lab[Symbol.asyncDispose]())

  test('the exit code', async () => {
    const ends = async (code: number): Promise<void> =>
      assert.equal((await lab.run(ALLOW, ['sh', '-c', `exit ${code}`])).status, code)
    await Promise.all([0, 1, 7, 255].map(ends))
  })

  test('the signal that ended the command, as a shell says it', async () => {
    const ends = ['TERM', 'KILL'].map((signal) => lab.run(ALLOW, ['sh', '-c', `kill -${signal} $$`]))
    assert.deepEqual(
      (await Promise.all(ends)).map(({ status }) => status),
      [143, 137],
    )
  })

  test('a command that is not there or cannot be executed', async () => {
    const script = join(lab.directory, 'script')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o644 })
    const ends = ['no-such-command', './no/such/command', script, lab.directory].map((each) => lab.run(ALLOW, [each]))
    assert.deepEqual(
      (await Promise.all(ends)).map(({ status }) => status),
      [127, 127, 126, 126],
    )
  })

  test('input, output and errors, byte for byte', async () => {
    const input = 'a line\nand one without an end'
    const ended = await lab.run([...ALLOW, '--quiet'], ['sh', '-c', 'cat; echo oops >&2'], { input })
    assert.deepEqual([ended.stdout, ended.stderr], [input, 'oops\n'])
  })

  test('arguments as they are', async () => {
    const args = ['', 'a b', '$HOME', '--json', '*', '"', '--', '-x']
    const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))'
    const ended = await lab.run([...ALLOW, '--quiet'], [process.execPath, '-e', script, '--', ...args])
    assert.deepEqual(JSON.parse(ended.stdout), args)
  })

  test('signals sent to sallyport', async () => {
    const passes = async (signal: NodeJS.Signals): Promise<void> => {
      const name = signal.slice(3)
      const script = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do sleep 0.05; done`
      const ended = await lab.run(ALLOW, ['sh', '-c', script], {
        onSpawn: (child) => child.stdout?.once('data', () => child.kill(signal)),
      })
      assert.match(ended.stdout, new RegExp(`got ${name}`))
      assert.equal(ended.status, 9, ended.stderr)
    }
    await Promise.all((['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const).map(passes))
  })

  test('daemons of the command end with it, and nothing is left', async () => {
    const marker = join(lab.directory, 'alive')
    const daemon = `setsid sh -c 'while :; do touch ${marker}; sleep 0.05; done' >/dev/null 2>&1 </dev/null &`
    const ended = await lab.run(ALLOW, ['sh', '-c', `${daemon} while [ ! -e ${marker} ]; do sleep 0.02; done`])
    assert.equal(ended.status, 0)
    const { mtimeMs } = statSync(marker)
    await sleep(200)
    assert.equal(statSync(marker).mtimeMs, mtimeMs)
    assert.deepEqual(leftovers(lab), [])
  })

  test('a run that is killed leaves its command guarded, and the next run clears up after it', async () => {
    const script = 'echo ready; sleep 3; curl -sS -m 2 http://198.51.100.20/'
    const killed = await lab.run(ALLOW, ['sh', '-c', script], {
      onSpawn: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
    })
    assert.equal(killed.signal, 'SIGKILL')
    await lab.run(ALLOW, ['true'])
    assert.deepEqual(lab.arrivedAt('198.51.100.20'), [])
    assert.deepEqual(leftovers(lab), [])
  })

  test('a run of another container, whose process cannot be seen, is left alone', async () => {
    const cgroup = createRunCgroup('1-1-1')
    try {
      const ended = await lab.run(ALLOW, ['true'])
      assert.equal(ended.status, 0, ended.stderr)
      assert.ok(existsSync(cgroup))
    } finally {
      await removeCgroup(cgroup)
      await rmdir(dirname(cgroup)).catch(() => 'another run has it')
    }
  })
})

/** What runs of Sallyport keep on this machine, and in the network namespace they run in, while they live. */
function leftovers(lab: Lab): readonly string[] {
  const [command, ...args] = lab.inClient(['nft', 'list', 'tables'])
  const rules = execFileSync(command!, args, { encoding: 'utf8', stdio: 'pipe' })
  const directories = ['/sys/fs/cgroup/sallyport', '/sys/fs/cgroup/unified/sallyport', '/sys/fs/bpf/sallyport']
  return [
    ...directories
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path).filter((name) => /^run-\d+-\d+-\d+$/.test(name))),
    ...rules.split('\n').filter((line) => line.includes('SALLYPORT-')),
  ]
}
