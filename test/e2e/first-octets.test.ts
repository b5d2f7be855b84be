import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import type { FlowRecord } from '@sallyport/flow'
import { findCgroupMount } from '@sallyport/kernel'
import { clientHello } from './client-hello.ts'
import { HandshakeLab, https, say, SHARED } from './handshake-lab.ts'
import { RESOLVER } from './lab-hosts.ts'
import { needsRoot, type Ended } from './lab.ts'
import { quicInitials } from './quic-initial.ts'

type Host = { readonly child: ChildProcess; readonly ended: Promise<Ended> }
type Count = { readonly key: string; readonly flows: number }

const SSH = '198.51.100.40'
const MAIL = '198.51.100.10'
const EHLO = Buffer.from('EHLO client.test\r\n')
/** A container: a network of its own, without the host's resolver. */
const ELSEWHERE = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

suite('what a flow says first, where nothing holds it back', { skip: needsRoot }, () => {
  let lab: HandshakeLab
  let cgroup: string
  let host: Host | null = null
  before(async () => {
    lab = await HandshakeLab.open(false)
    cgroup = join(findCgroupMount(), `sallyport-octets-${process.pid}`)
    mkdirSync(cgroup)
    await lab.answer(MAIL, 2525, `SYSTEM:echo 220 mail.test ESMTP; read x; echo 250 mail.test; cat`)
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

  const up = async (args: readonly string[], prefix: readonly string[] = []): Promise<void> => {
    const ready = Promise.withResolvers<void>()
    const all = ['up', '--cgroup', cgroup, '--no-console', '--json', '--upstream', RESOLVER, ...args]
    const ended = lab.lab.sallyport(all, {
      prefix,
      onSpawn: (child) => {
        host = { child, ended: ready.promise.then(() => ended) }
        child.stderr!.on('data', (text: Buffer) => text.includes('"ready"') && ready.resolve())
      },
    })
    void ended.then(({ stderr }) => ready.reject(new Error(stderr)))
    await ready.promise
  }
  const does = (command: readonly string[]): Promise<Ended> => lab.lab.inCgroup(cgroup, command)
  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const ended = await lab.lab.sallyport([...args, '--json'])
    assert.ok(ended.status === 0 || ended.status === 1, ended.stderr)
    return JSON.parse(ended.stdout) as T
  }
  const stop = async (): Promise<void> => {
    host!.child.kill('SIGTERM')
    await host!.ended
    host = null
  }
  const recorded = async (filter: string): Promise<readonly FlowRecord[]> =>
    (await json<{ flows: readonly FlowRecord[] }>('flows', filter)).flows

  test('a host that only watches tells protocol, server name, and what a rule would have done: by TCP and UDP, both families, whoever speaks first', async () => {
    const policy = lab.policy('watch', [
      { id: 'no-ssh', action: 'deny', protocol: ['ssh'] },
      { id: 'named', action: 'allow', to: ['shared-a.test'], protocol: ['tls'] },
      { id: 'unnamed', action: 'deny', protocol: ['tls'] },
      { id: 'all', action: 'allow' },
    ])
    // The hello lies in two datagrams.
    const initials = quicInitials((await clientHello('quic.test')).subarray(5), [30])
    await up(['--policy', policy, '--mode', 'monitor'])
    await does(https('shared-a.test'))
    await does(['curl', '-skS', '-m', '20', '--connect-to', 'front.test:443:shared-b.test:443', 'https://front.test/'])
    await does(['timeout', '2', 'ssh', '-o', 'BatchMode=yes', '-p', '443', SSH, 'true'])
    await does(['curl', '-sS', '-m', '20', 'http://six.test/'])
    await does(say(SHARED, 5000, 'udp', initials))
    await does(say(MAIL, 2525, 'tcp', [EHLO]))
    await stop()
    const flows = await recorded('since:1h')
    const told = flows.map(({ port, protocol, domain, verdict }) => [
      port,
      protocol,
      domain,
      verdict.verdict,
      verdict.rule,
    ])
    assert.deepEqual(told.toReversed(), [
      [443, 'tls', 'shared-a.test', 'allow', 'named'],
      [443, 'tls', 'front.test', 'deny', 'unnamed'],
      [443, 'ssh', null, 'deny', 'no-ssh'],
      [80, 'http', 'six.test', 'allow', 'all'],
      [5000, 'quic', 'quic.test', 'allow', 'all'],
      [2525, 'smtp', null, 'allow', 'all'],
    ])
    assert.deepEqual([...new Set(flows.map(({ verdict }) => verdict.mode))], ['monitor'])
    const { rows } = await json<{ rows: readonly Count[] }>('top', '--by', 'protocol')
    const counts = Object.fromEntries(rows.map(({ key, flows: count }) => [key, count]))
    assert.deepEqual(counts, { tls: 2, ssh: 1, http: 1, quic: 1, smtp: 1 })
    const { alerts } = await json<{ alerts: readonly { detector: string; destination: string }[] }>('alerts')
    const odd = alerts.map(({ detector, destination }) => `${detector} ${destination}`)
    for (const alert of [`protocol-mismatch ${SSH}`, 'name-mismatch front.test'])
      assert.ok(odd.includes(alert), `${alert} among ${odd.join(', ')}`)
  })

  test('a container, whose packets cannot be held, has them too where a rule by address decides', async () => {
    await up(['--policy', allowsAddresses(), '--mode', 'enforce'], ELSEWHERE)
    await does(toAddress('container.test'))
    await stop()
    const [flow] = await recorded('rule:net')
    assert.deepEqual(factsOf(flow!), ['tls', 'container.test', 'enforce'])
  })

  test('so has a command whose rules need no handshake', async () => {
    const report = lab.path('flows.jsonl')
    const ended = await lab.run(allowsAddresses(), toAddress('run.test'), ['--report', report])
    assert.equal(ended.status, 0, ended.stderr)
    const flows = readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FlowRecord)
    assert.deepEqual(flows.map(factsOf), [
      ['tls', 'run.test', 'enforce'],
      ['tls', 'run.test', 'enforce'],
    ])
  })

  const allowsAddresses = (): string => lab.policy('address', [{ id: 'net', action: 'allow', to: ['198.51.100.0/24'] }])
})

function toAddress(name: string): readonly string[] {
  return [
    'curl',
    '-skS',
    '-o',
    '/dev/null',
    '-m',
    '20',
    '--connect-to',
    `${name}:443:${SHARED}:443`,
    `https://${name}/`,
  ]
}

function factsOf({ protocol, domain, verdict }: FlowRecord): readonly unknown[] {
  return [protocol, domain, verdict.mode]
}
