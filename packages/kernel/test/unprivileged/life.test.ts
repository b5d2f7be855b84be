import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { eventually } from '../eventually.ts'
import { openLab, PROBE, processesOf, skip, type Lab } from './lab.ts'

suite('a run from start to end', { skip }, () => {
  let lab: Lab
  before(async () => void (lab = await openLab()))
  after(() => lab[Symbol.asyncDispose]())

  const gone = async (): Promise<void> => {
    await eventually(() => processesOf(lab.uid) === '', 'no process is left')
  }

  test('the command knows itself as the user it is', async () => {
    const command = ['sh', '-c', 'id -u; id -g; pwd; echo "$HOME"; cat']
    const { stdout, status } = await lab.run({ command }, 'from stdin')
    assert.equal(stdout, [lab.uid, lab.uid, lab.folder, process.env['HOME'], 'from stdin'].join('\n'))
    assert.equal(status, 0)
  })

  test('exit codes and signals come through', async () => {
    assert.deepEqual((await lab.run({ command: ['sh', '-c', 'exit 7'] })).events.at(-1), {
      end: { code: 7, signal: null },
    })
    const killed = await lab.run({ command: ['sh', '-c', 'kill -KILL $$'] })
    assert.deepEqual(killed.events.at(-1), { end: { code: null, signal: 'SIGKILL' } })
  })

  test('SIGTERM reaches the command', async () => {
    const child = lab.start({
      command: ['sh', '-c', 'trap "echo got TERM; exit 9" TERM; echo ready; while :; do sleep 0.05; done'],
    })
    let text = ''
    child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()))
    while (!text.includes('ready')) await once(child.stdout!, 'data')
    child.kill('SIGTERM')
    const [code] = (await once(child, 'close')) as [number]
    assert.equal(code, 9)
    assert.match(text, /got TERM/)
  })

  test('a terminal stays a terminal', () => {
    const [file, ...args] = lab.argv({ command: ['sh', '-c', 'tty; test -t 0 && test -t 1 && echo terminal'] })
    const quoted = [file, ...args].map((each) => `'${each.replaceAll("'", `'\\''`)}'`).join(' ')
    const { stdout } = spawnSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8', timeout: 60_000 })
    assert.match(stdout, /\/dev\/pts\/\d+\r\nterminal/)
  })

  test('orphans are noted, and what is left behind ends with the command', async () => {
    const command = ['sh', '-c', '(setsid sh -c "sleep 0.1" &); sleep 0.4; (setsid sleep 77 &); ps -eo stat=,args=']
    const { stdout } = await lab.run({ command })
    assert.doesNotMatch(stdout, /^Z/m)
    await gone()
    assert.deepEqual(
      readdirSync(lab.folder).filter((name) => /^sallyport-\w{6}$/.test(name)),
      [],
    )
  })

  test('killing the process outside ends everything', async () => {
    const child = lab.start({ command: ['sh', '-c', 'echo ready; sleep 77'] })
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await gone()
    assert.deepEqual(readdirSync(lab.folder), [])
  })

  test('killing the inspector lets nothing out', async () => {
    const [path, go] = [`${lab.folder}/late`, `${lab.folder}/go`]
    const script = 'echo ready; while [ ! -e "$1" ]; do sleep 0.05; done; shift; "$@" > "$0"'
    const command = ['sh', '-c', script, path, go, ...PROBE, 'tcp', '10.9.0.2', '80']
    const child = lab.start({ command, allow: ['6 10.9.0.2 80'] })
    await once(child.stdout!, 'data')
    spawnSync('pkill', ['-KILL', '-u', lab.uid, '-f', 'unprivileged/inside/main.ts'])
    writeFileSync(go, '')
    const [code] = (await once(child, 'close')) as [number]
    assert.equal(code, 3)
    await gone()
    assert.doesNotMatch(existsSync(path) ? readFileSync(path, 'utf8') : '', /hello/)
  })

  test('a closed /dev/net/tun is said at once, with the way to open it', async () => {
    chmodSync(lab.tun, 0o600)
    const saidWithinMs = async (): Promise<number> => {
      const start = performance.now()
      const { events, status } = await lab.run({ command: ['true'] })
      assert.equal(status, 3)
      assert.equal(events[0]?.['error'], 'tun-closed')
      assert.match(String(events[0]?.['remedy']), /chmod 666 \/dev\/net\/tun/)
      return performance.now() - start
    }
    try {
      // A busy machine takes longer to start it, but not each time.
      await eventually(async () => (await saidWithinMs()) < 1000, 'it is said at once')
    } finally {
      chmodSync(lab.tun, 0o666)
    }
  })

  test('a host that forbids user namespaces is said so', () => {
    const argv = lab.argv({ command: ['true'] })
    const at = argv.indexOf(process.execPath)
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    const within = ['unshare', '--user', '--map-current-user', '--keep-caps', 'sh', '-c', forbid, 'sh']
    const { stderr } = spawnSync(argv[0], [...argv.slice(1, at), ...within, ...argv.slice(at)], { encoding: 'utf8' })
    assert.match(stderr, /"user-namespaces-off".*user\.max_user_namespaces=/)
  })
})
