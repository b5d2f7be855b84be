import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FlowRecord } from '@sallyport/flow'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { clientHello } from '../e2e/client-hello.ts'
import { say } from '../e2e/handshake-lab.ts'
import { quicInitials } from '../e2e/quic-initial.ts'
import { officePolicy, readRecorded } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, startGateway } from './guarded-network.ts'
import { needsRoot, type Lab, type Started } from './open-lab.ts'

const SERVER = '198.51.100.10'
const SERVER6 = '2001:db8:1::10'
const ANYWHERE = `id: net, action: allow, to: [${SERVER}, '${SERVER6}']`
const WATCHED = 'id: no-ssh, action: deny, protocol: [ssh]'

suite('what a flow through a gateway says first, where nothing holds it back', { skip: needsRoot }, () => {
  let lab: Lab
  let gateway: Started
  let seen = 0
  before(async () => {
    lab = await openGuardedNetwork()
    const listeners = [
      [`TCP4-LISTEN:443,bind=${SERVER},fork,reuseaddr`, 'SYSTEM:echo SSH-2.0-lab; cat'],
      [`TCP4-LISTEN:8443,bind=${SERVER},fork,reuseaddr`, 'EXEC:cat'],
      [`TCP6-LISTEN:80,bind=[${SERVER6}],fork,reuseaddr`, 'EXEC:cat'],
      [`UDP4-RECVFROM:5000,bind=${SERVER},fork`, 'EXEC:cat'],
    ] as const
    for (const socat of listeners) lab.start('world', ['socat', ...socat])
    const ports = async (): Promise<boolean> => {
      const { stdout } = await lab.run('world', ['ss', '-Hltun'])
      return [':443', ':8443', ':80', ':5000'].every((port) => stdout.includes(`${port} `))
    }
    await eventually(ports, 'the servers listen')
    gateway = await startGateway(lab, ['--report', 'flows.jsonl'])
  })
  after(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    await lab?.[Symbol.asyncDispose]()
  })

  const under = async (mode: 'monitor' | 'enforce', ...rules: readonly string[]): Promise<void> => {
    const files = [{ file: 'office.yaml', text: officePolicy(...rules) }]
    await askSallyport(lab, 'router', '/apply', { files, mode, author: 'lab' })
    seen = readRecorded(lab).length
  }
  const pipe = (text: string, to: string): Promise<unknown> =>
    lab.run('client', ['sh', '-c', `(printf '${text}'; sleep 1) | socat -t1 - ${to}`])
  /** Of the beginning of each flow: it is recorded with what the flow is. */
  const told = async (count: number): Promise<readonly unknown[]> => {
    const begun = (): readonly FlowRecord[] =>
      readRecorded(lab)
        .slice(seen)
        .filter(({ ended, port }) => ended === undefined && port !== 53)
    await eventually(() => begun().length >= count, `${count} flows are recorded`)
    return begun().map(({ port, protocol, domain, verdict }) => [port, protocol, domain, verdict.verdict, verdict.rule])
  }

  test('is recorded while it only watches, with what a rule would have done', async () => {
    await under('monitor', WATCHED, ANYWHERE)
    await pipe('SSH-2.0-x\\r\\n', `TCP4:${SERVER}:443`)
    await lab.run('client', say(SERVER, 8443, 'tcp', [await clientHello('a.test')]))
    await lab.run('client', say(SERVER, 5000, 'udp', quicInitials((await clientHello('q.test')).subarray(5), [30])))
    await pipe('GET / HTTP/1.1\\r\\nHost: six.test\\r\\n\\r\\n', `TCP6:[${SERVER6}]:80`)
    assert.deepEqual(await told(4), [
      [443, 'ssh', null, 'deny', 'no-ssh'],
      [8443, 'tls', 'a.test', 'allow', 'net'],
      [5000, 'quic', 'q.test', 'allow', 'net'],
      [80, 'http', 'six.test', 'allow', 'net'],
    ])
  })

  test('is recorded where a rule by address decides', async () => {
    await under('enforce', ANYWHERE)
    await lab.run('client', say(SERVER, 8443, 'tcp', [await clientHello('b.test')]))
    await pipe('', `TCP4:${SERVER}:443`)
    assert.deepEqual(await told(2), [
      [8443, 'tls', 'b.test', 'allow', 'net'],
      [443, 'ssh', null, 'allow', 'net'],
    ])
  })
})
