import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findCgroupMount, PIN_ROOT } from '@sallyport/kernel'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { postgresPrograms, PostgresServer } from '../../packages/store/test/postgres-server.ts'
import { RESOLVER } from './lab-hosts.ts'
import { Lab, needsRoot, type Ended } from './lab.ts'

const BINDING_NAMES = fileURLToPath(new URL('./binding-names.ts', import.meta.url))
const ASK_ALL_THE_TIME = fileURLToPath(new URL('./ask-all-the-time.py', import.meta.url))

const policy = (name: string, to: string, more = ''): string =>
  `sallyport: 1\nname: ${name}\nmode: enforce\nrules:\n  - { id: web, action: allow, to: ['${to}'], ports: [80] }\n${more}`

type Host = { readonly child: ChildProcess; readonly ended: Promise<Ended> }
type Status = {
  readonly feeds: readonly { readonly name: string; readonly entries: number; readonly problem: string | null }[]
  readonly policy: {
    readonly version: number | null
    readonly mode: string
    readonly confirmByMs: number | null
    readonly stateProblem: string | null
  }
}

suite('a guarded host', { skip: needsRoot }, () => {
  let lab: Lab
  let cgroup: string
  let host: Host | null = null
  before(async () => {
    lab = await Lab.open()
    cgroup = join(findCgroupMount(), `sallyport-test-${process.pid}`)
    mkdirSync(cgroup)
    for (const name of ['allowed', 'denied'])
      writeFileSync(join(lab.directory, `${name}.yaml`), policy(name, `${name}.test`))
  })
  afterEach(async () => {
    host?.child.kill('SIGTERM')
    await host?.ended
    host = null
  })
  after(async () => {
    rmdirSync(cgroup)
    await lab[Symbol.asyncDispose]()
  })

  const up = (...args: readonly string[]): Promise<void> => start('--upstream', RESOLVER, ...args)
  const start = async (...args: readonly string[]): Promise<void> => {
    const ready = Promise.withResolvers<void>()
    const ended = lab.sallyport(['up', '--cgroup', cgroup, '--json', ...args], {
      onSpawn: (child) => {
        host = { child, ended: ready.promise.then(() => ended) }
        child.stderr!.on('data', (text: Buffer) => text.includes('"ready"') && ready.resolve())
      },
    })
    void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
    await ready.promise
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    host!.child.kill(signal)
    await host!.ended
    host = null
  }
  const fetches = async (name: string, ...options: readonly string[]): Promise<boolean> =>
    (await lab.inCgroup(cgroup, ['curl', '-sS', '-m', '20', ...options, `http://${name}/`])).stdout.includes('hello')
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const ended = await lab.sallyport([...args, '--json'])
    assert.equal(ended.status, 0, ended.stderr)
    return JSON.parse(ended.stdout) as T
  }
  /** To 198.51.100.`first` and those after it; what is refused is no error here. */
  const connects = async (count: number, first: number): Promise<void> => {
    const script = [
      'import socket',
      's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
      `for n in range(${count}): s.connect_ex(('198.51.100.%d' % (${first} + n // 10000), 1000 + n % 10000))`,
    ].join('\n')
    const ended = await lab.inCgroup(cgroup, ['python3', '-c', script])
    assert.equal(ended.status, 0, ended.stderr)
  }
  const stored = async (filter: string): Promise<number> => {
    const { rows } = await json<{ rows: { flows: number }[] }>('top', '--by', 'verdict', filter)
    return rows.reduce((sum, { flows }) => sum + flows, 0)
  }
  const version = async (): Promise<number | null> => (await json<Status>('status')).policy.version
  const pins = (): boolean => existsSync(join(PIN_ROOT, `host-${statSync(cgroup).ino}`))

  test('watching stops nothing, leaves nothing in the kernel, and records who reached what; its state is private, and there is one', async () => {
    await up()
    // By one family: a client that waits 200 ms for one tries the other too (RFC 8305), which is a flow more.
    assert.equal(await fetches('allowed.test', '-4'), true)
    assert.equal(await fetches('198.51.100.20'), true)
    assert.equal(pins(), false)
    const state = join(lab.state, 'root')
    for (const name of readdirSync(state)) assert.equal(statSync(join(state, name)).mode & 0o077, 0, name)
    const second = await lab.sallyport(['up', '--cgroup', cgroup, '--upstream', RESOLVER])
    assert.equal(second.status, 2)
    assert.match(second.stderr, /guards this host already/)
    await end('SIGTERM')
    const { flows } = await json<{
      flows: { app: string; boundNames: string[]; transport: string; verdict: object }[]
    }>('flows', 'port:80')
    const tcp = flows.filter(({ transport }) => transport === 'tcp')
    assert.equal(tcp.length, 2, JSON.stringify(tcp))
    assert.match(tcp[0]!.app, /\/curl$/)
    assert.deepEqual(tcp.map(({ boundNames }) => boundNames).toReversed(), [['allowed.test'], []])
  })

  test('killed while it watches, the network is as without it', async () => {
    await up()
    await end('SIGKILL')
    assert.equal(await fetches('198.51.100.20'), true)
    const asked = await lab.inCgroup(cgroup, [
      'dig',
      '+short',
      '+tries=1',
      '+time=20',
      `@${RESOLVER}`,
      'allowed.test',
      'A',
    ])
    assert.match(asked.stdout, /^198\.51\.100\./)
  })

  test('an applied policy holds at once, and the one before comes back by rollback', async () => {
    await up()
    await json('apply', 'allowed.yaml', '--mode', 'enforce', '--reason', 'ticket 7')
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    await json('apply', 'denied.yaml')
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [false, true])
    const before = await version()
    await json('rollback')
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    assert.equal(await version(), before! - 1)
    await json('apply', 'allowed.yaml', '--mode', 'monitor')
    assert.equal(await fetches('denied.test'), true)
    assert.equal(pins(), false)
    const { versions } = await json<{ versions: { author: string; reason: string; mode: string }[] }>(
      'status',
      '--versions',
    )
    assert.ok(versions.some(({ reason, mode }) => reason === 'ticket 7' && mode === 'enforce'))
  })

  test('a state database that goes away stops nothing: changes hold, a start goes on, and it is told', async (context) => {
    if (postgresPrograms() === null) return context.skip('the Debian package postgresql is not there')
    await using database = await PostgresServer.open()
    const guard = ['--state-store', database.newUrl(), '--no-console']
    await up(...guard, '--policy', 'allowed.yaml', '--mode', 'enforce')
    await database.stop()
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    await json('apply', 'denied.yaml')
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [false, true])
    await end('SIGTERM')
    await up(...guard)
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [false, true])
    await database.start()
    const isTold = async (): Promise<boolean> => (await json<Status>('status')).policy.stateProblem === null
    await eventually(isTold, 'it is told')
    const { versions } = await json<{ versions: readonly { version: number }[] }>('status', '--versions')
    assert.deepEqual(
      versions.map((each) => each.version),
      [2, 1],
    )
  })

  test('the servers of a policy are asked from the moment in which it is in force, and no longer', async () => {
    const write = (name: string, dns: string): void =>
      writeFileSync(join(lab.directory, name), `sallyport: 1\nname: ${name}\ndefault: allow\ndns: ${dns}\nrules: []\n`)
    write('here.yaml', `{ upstreams: [${RESOLVER}] }`)
    write('routed.yaml', `{ upstreams: [${RESOLVER}], routes: { web.test: ["${RESOLVER}:5300"] } }`)
    write('nameless.yaml', `{ upstreams: ["tls://dns.example"] }`)
    await lab.serve([`${RESOLVER}:5300`], process.execPath, [BINDING_NAMES])
    const found = async (): Promise<string> =>
      (await lab.inCgroup(cgroup, ['dig', '+short', '+tries=1', '+time=20', `@${RESOLVER}`, 'web.test', 'A'])).stdout
    await start('--policy', 'here.yaml')
    assert.equal(await found(), '')
    await json('apply', 'routed.yaml')
    assert.equal(await found(), '198.51.100.50\n')
    const refused = await lab.sallyport(['apply', 'nameless.yaml'])
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /dns\.example has no address/)
    assert.equal(await found(), '198.51.100.50\n')
    await json('rollback')
    assert.equal(await found(), '')
  })

  test('a policy on trial goes back by itself, and stays when it is confirmed', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    const before = await version()
    // On a busy machine the trial may be over before anybody has looked.
    for (let seconds = 3, inTime = false; !inTime; seconds *= 2) {
      const beganMs = performance.now()
      await json('apply', 'denied.yaml', '--confirm', `${seconds}s`)
      const reached = await fetches('denied.test')
      inTime = performance.now() < beganMs + seconds * 1000
      if (inTime) assert.equal(reached, true)
      await eventually(async () => (await version()) === before, 'it goes back')
    }
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    await json('apply', 'denied.yaml', '--confirm', '60s')
    await json('confirm')
    assert.equal((await json<Status>('status')).policy.confirmByMs, null)
    assert.equal(await fetches('denied.test'), true)
    assert.equal((await lab.sallyport(['confirm'])).status, 2)
  })

  test('a trial that ends while nobody guards is over at the next start', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    await json('apply', 'denied.yaml', '--confirm', '1s')
    await end('SIGKILL')
    await sleep(1000)
    await up()
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
  })

  test('a policy with an error, with a test that fails, or for a user that is none changes nothing', async () => {
    const bad = (name: string, text: string): string => {
      writeFileSync(join(lab.directory, name), text)
      return name
    }
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    const before = await version()
    for (const [file, says] of [
      [bad('syntax.yaml', 'sallyport: 1\nname: x\nrulez: []\n'), /syntax\.yaml:3.*\n?[^]*rules/],
      [
        bad('test.yaml', policy('x', 'allowed.test', 'tests:\n  - { to: "http://denied.test/", expect: allow }\n')),
        /own tests fail/,
      ],
      [
        bad(
          'user.yaml',
          'sallyport: 1\nname: x\nrules:\n  - { id: a, action: allow, from: [{ user: nobody-here }] }\n',
        ),
        /nobody-here/,
      ],
    ] as const) {
      const ended = await lab.sallyport(['apply', file])
      assert.equal(ended.status, 2, ended.stderr)
      assert.match(ended.stderr, says)
    }
    assert.equal(await version(), before)
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
  })

  test('a feed that changes is in force without a new start, and no look-up goes without an answer meanwhile; a broken one changes nothing', async (context) => {
    const web = join(lab.directory, 'web')
    mkdirSync(web)
    const list = (text: string): void => {
      writeFileSync(join(lab.directory, 'next'), text)
      renameSync(join(lab.directory, 'next'), join(web, 'list.txt'))
    }
    const names = Array.from({ length: 100_000 }, (_, at) => `n${at}.example\n`).join('')
    list(names)
    const [command, ...args] = lab.inClient(['python3', '-m', 'http.server', '-b', '127.0.0.1', '-d', web, '8088'])
    const server = spawn(command!, args, { stdio: 'ignore' })
    context.after(() => server.kill())
    const feeds = 'default: allow\nfeeds:\n  bad: { url: "http://127.0.0.1:8088/list.txt", refresh: 1s }\n'
    const deny = 'rules:\n  - { id: bad, action: deny, to: [{ feed: bad }] }\n'
    writeFileSync(join(lab.directory, 'feeds.yaml'), `sallyport: 1\nname: feeds\nmode: enforce\n${feeds}${deny}`)
    const has = async (is: (feed: Status['feeds'][number]) => boolean): Promise<void> => {
      await eventually(async () => (await json<Status>('status')).feeds.some(is), `the feed: ${String(is)}`)
    }
    const isServed = (): boolean =>
      spawnSync(command!, [args[0]!, 'curl', '-sf', '-o', '/dev/null', 'http://127.0.0.1:8088/']).status === 0
    await eventually(isServed, 'the list is served')
    await up('--no-console', '--policy', 'feeds.yaml', '--mode', 'enforce')
    await has(({ entries }) => entries === 100_000)
    assert.equal(await fetches('denied.test'), true)
    const stop = join(lab.directory, 'stop')
    const asking = lab.inCgroup(cgroup, ['python3', ASK_ALL_THE_TIME, RESOLVER, 'allowed.test', stop])
    list(`${names}denied.test\n`)
    await has(({ entries }) => entries === 100_001)
    await eventually(async () => !(await fetches('denied.test')), 'it is in force')
    writeFileSync(stop, '')
    const { stdout, stderr } = await asking
    const asked = JSON.parse(stdout || stderr) as { asked: number; unanswered: number; slowestMs: number }
    context.diagnostic(stdout)
    assert.ok(asked.asked > 5 && asked.unanswered === 0, stdout)
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    list('<html>moved</html>')
    await has(({ problem, entries }) => problem?.includes('HTML') === true && entries === 100_001)
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
  })

  test('killed while it enforces, it is enforced still; started again it goes on, and a clean stop leaves nothing', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    assert.equal(await fetches('allowed.test'), true)
    await end('SIGKILL')
    assert.equal(pins(), true)
    assert.deepEqual([await fetches('198.51.100.20'), await fetches('denied.test')], [false, false])
    await up()
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    await end('SIGTERM')
    assert.equal(pins(), false)
    assert.equal(await fetches('198.51.100.20'), true)
    assert.equal((await lab.sallyport(['status'])).status, 3)
  })

  test('what was refused while it was killed is recorded by the next, each once', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce', '--no-console')
    await end('SIGKILL')
    await connects(2000, 70)
    await up('--no-console')
    await end('SIGTERM')
    assert.equal(await stored('ip:198.51.100.70'), 2000)
  })

  test('it makes way for its next start without a gap: what is denied stays so, and what was recorded is stored', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    assert.equal(await fetches('allowed.test'), true)
    const before = (await json<{ spool: { spooled: number } }>('status')).spool.spooled
    assert.ok(before > 0)
    const { ended, child } = host!
    child.kill('SIGHUP')
    assert.equal((await ended).status, 0)
    assert.equal(pins(), true)
    assert.deepEqual([await fetches('198.51.100.20'), await fetches('denied.test')], [false, false])
    await up()
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    const { flows } = await json<{ flows: readonly object[] }>('flows', 'app:**/curl', 'domain:allowed.test')
    assert.ok(flows.length >= 2)
    await end('SIGTERM')
    assert.equal(pins(), false)
  })

  test('packets are asked about only while a policy may need their handshakes, whoever was killed before', async () => {
    const [command, ...args] = lab.inClient(['nft', 'list', 'tables'])
    const asks = (): boolean => execFileSync(command!, args, { encoding: 'utf8' }).includes('table ip SALLYPORT-host-')
    writeFileSync(join(lab.directory, 'address.yaml'), policy('address', '198.51.100.10'))
    await up('--policy', 'address.yaml', '--mode', 'enforce')
    assert.deepEqual([asks(), await fetches('198.51.100.10'), await fetches('198.51.100.20')], [false, true, false])
    await json('apply', 'allowed.yaml')
    assert.deepEqual([asks(), await fetches('allowed.test'), await fetches('denied.test')], [true, true, false])
    await end('SIGKILL')
    await up('--policy', 'address.yaml', '--mode', 'enforce')
    assert.deepEqual([asks(), await fetches('198.51.100.10'), await fetches('198.51.100.20')], [false, true, false])
  })

  test('without a cgroup the whole host is guarded, itself included; its own look-ups go out', async () => {
    const mount = 'umount "$0" && mount -t cgroup2 none "$0" && exec "$@"'
    const enter = `echo $$ > '${cgroup}/cgroup.procs' && exec unshare --cgroup --mount sh -c '${mount}' "$0" "$@"`
    const prefix = ['sh', '-c', enter, findCgroupMount()]
    const ready = Promise.withResolvers<string>()
    const ended = lab.sallyport(['up', '--upstream', RESOLVER, '--policy', 'allowed.yaml', '--mode', 'enforce'], {
      prefix,
      onSpawn: (child) => {
        host = { child, ended: ready.promise.then(() => ended) }
        child.stderr!.on('data', (text: Buffer) => text.includes('guarding') && ready.resolve(text.toString()))
      },
    })
    void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
    assert.match(await ready.promise, new RegExp(`guarding ${findCgroupMount()} `))
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
  })

  test('of a burst of flows each is stored or counted as dropped: nothing is lost in silence', async (context) => {
    await up('--no-console', '--mode', 'monitor')
    await connects(30_000, 60)
    await eventually(async () => {
      const { kernel, spool } = await json<{
        kernel: { allowed: number; denied: number; monitored: number; eventsLost: number }
        spool: { spooled: number; dropped: Record<string, number> }
      }>('status')
      const decided = kernel.allowed + kernel.denied + kernel.monitored
      assert.ok(decided >= 30_000, `${decided} decided`)
      return decided === spool.spooled + spool.dropped['kernel-events']!
    }, 'all are spooled or counted as dropped')
    await end('SIGTERM')
    const { dropped } = await json<{ dropped: Record<string, number> }>('flows', '--limit', '1')
    const kept = await stored('ip:198.51.100.60/30')
    context.diagnostic(`${kept} stored, ${dropped['kernel-events'] ?? 0} dropped`)
    assert.equal(kept + (dropped['kernel-events'] ?? 0), 30_000)
  })

  test('the desk killed, what is enforced and recorded goes on, and it comes again', async () => {
    await up('--policy', 'allowed.yaml', '--mode', 'enforce')
    /** When there is one that is not `before`. */
    const desk = async (before: string): Promise<string> => {
      let found = ''
      await eventually(async () => {
        found = spawnSync('pgrep', ['-P', await guardPid(), '-f', 'desk-main'], { encoding: 'utf8' }).stdout.trim()
        return found !== '' && found !== before
      }, 'a desk')
      return found
    }
    const guardPid = async (): Promise<string> => String((await json<{ pid: number }>('status')).pid)
    const first = await desk('')
    process.kill(Number(first), 'SIGKILL')
    assert.deepEqual([await fetches('allowed.test'), await fetches('denied.test')], [true, false])
    const second = await desk(first)
    process.kill(Number(await guardPid()), 'SIGKILL')
    await host!.ended
    host = null
    await eventually(() => !existsSync(`/proc/${second}`), 'the desk ends with its guard')
    await up()
  })
})
