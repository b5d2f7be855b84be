import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, beforeEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { FlowRecord } from '@sallyport/flow'
import { readSegment } from '@sallyport/store'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { officePolicy, readMetric, readRecorded } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, startGateway } from './guarded-network.ts'
import { needsRoot, type Lab, type Started } from './open-lab.ts'

const EXCHANGE = fileURLToPath(new URL('./exchange.py', import.meta.url))
const SERVERS = ['198.51.100.10', '2001:db8:1::10']
const ANYWHERE = "id: some, action: allow, to: [198.51.100.10, '2001:db8:1::10']"
const ANSWER = 700_001
const SENT = 1_000_003
const STRAIGHT = 'sallyport_gateway_straight_packets_total{to="wan"}'
const HELLO = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'

const CONNECTIONS = 2000
/** 1 MiB holds 11,915. */
const MORE_THAN_A_RING = 13_000
const EVENTS_LOST = 'sallyport_gateway_events_lost_total'
/** A datagram of each of so many ports: none of these flows says that it ends. */
const SILENT = `
import socket, sys
host, port, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for at in range(times):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 20000 + at))
        sock.sendto(b"x", (host, port))
print("sent")
`

type Told = { readonly port: number; readonly sent: number; readonly got: number }

suite('what a flow through a gateway carried', { skip: needsRoot }, () => {
  let lab: Lab
  let gateway: Started | null = null
  /** Records of tests before. */
  let seen = 0
  before(async () => {
    lab = await openGuardedNetwork()
    writeFileSync(join(lab.directory, 'noted'), '')
    const serving = SERVERS.map((host) =>
      lab.start('world', ['python3', EXCHANGE, 'serve', join(lab.directory, 'noted'), host, '9000', String(ANSWER)]),
    )
    await Promise.all(serving.map((each) => each.says('ready')))
  })
  beforeEach(() => {
    seen = gateway === null ? 0 : readRecorded(lab).length
  })
  after(async () => {
    await end('SIGTERM')
    await lab?.[Symbol.asyncDispose]()
  })

  const start = async (...more: readonly string[]): Promise<void> => {
    await end('SIGTERM')
    seen = 0
    gateway = await startGateway(lab, ['--report', 'flows.jsonl', '--metrics', '127.0.0.1:9100', ...more])
  }
  const under = async (rule: string): Promise<void> => {
    if (gateway === null) await start()
    const files = [{ file: 'office.yaml', text: officePolicy(rule) }]
    await askSallyport(lab, 'router', '/apply', { files, mode: 'enforce', author: 'lab' })
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    gateway?.child.kill(signal)
    await gateway?.ended
    gateway = null
  }
  const exchange = async (...args: readonly string[]): Promise<readonly Told[]> => {
    const { stdout, stderr } = await lab.run('client', ['python3', EXCHANGE, ...args])
    assert.equal(stderr, '')
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Told)
  }
  const recorded = (): readonly FlowRecord[] => readRecorded(lab).slice(seen)
  const ends = (): readonly FlowRecord[] => recorded().filter(({ ended }) => ended === true)
  /** By the server's address. */
  const endOf = async (host: string): Promise<FlowRecord> => {
    await eventually(() => ends().some(({ dst }) => dst === host), `the end of a flow to ${host} is told`)
    return ends().find(({ dst }) => dst === host)!
  }
  const servers = (): readonly { readonly from: string; readonly sent: number }[] =>
    readFileSync(join(lab.directory, 'noted'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { from: string; sent: number })

  /** As the spool says. */
  const lost = (what: 'kernel-ends' | 'kernel-events'): number => {
    const spool = join(lab.directory, 'state-router', 'spool')
    const drops = readdirSync(spool).flatMap(
      (name) => readSegment(readFileSync(join(spool, name)), 'lab', Date.now()).drops,
    )
    return drops.reduce((sum, { reason, count }) => sum + (reason === what ? count : 0), 0)
  }
  const send = async (port: number, flows: number): Promise<void> => {
    const silent = await lab.run('client', ['python3', '-c', SILENT, SERVERS[0]!, String(port), String(flows)])
    assert.equal(silent.stdout.trim(), 'sent')
  }

  const carriesWhatWasSent = async (isTranslated: boolean): Promise<void> => {
    for (const host of SERVERS) {
      const [told] = await exchange('tcp', host, '9000', '', String(SENT))
      assert.equal(told!.got, ANSWER)
      const { bytesOut, bytesIn, packetsOut, packetsIn, durationMs, id, time } = await endOf(host)
      const noted = servers().at(-1)!
      assert.equal(/^(?:10\.77\.|fd77:)/.test(noted.from), !isTranslated)
      assert.deepEqual([bytesOut, bytesIn], [told!.sent, noted.sent])
      assert.ok(packetsOut! > 3 && packetsIn! > 3 && durationMs! > 0)
      const beginning = recorded().find((record) => record.id === id && record.ended !== true)
      assert.deepEqual([beginning?.time, beginning?.dst], [time, host])
    }
  }

  test('a connection has the octets that both sides have sent, by IPv4 and IPv6', async () => {
    await under(ANYWHERE)
    await carriesWhatWasSent(false)
  })

  test('what goes past netfilter counts too', async () => {
    await under(ANYWHERE)
    const before = await readMetric(lab, STRAIGHT)
    const streaming = lab.start('client', ['python3', EXCHANGE, 'stream', SERVERS[0]!, '9000'])
    await eventually(async () => (await readMetric(lab, STRAIGHT)) > before + 50, 'it goes straight')
    streaming.child.stdin!.end()
    const { sent } = JSON.parse((await streaming.ended).stdout) as Told
    assert.equal((await endOf(SERVERS[0]!)).bytesOut, sent)
  })

  test('what a handshake has decided ends with what that has said, and counts what was held; what is refused has no end', async () => {
    await under(`id: web, action: allow, to: [${SERVERS[0]!}], protocol: http`)
    for (const [host, text] of [
      [SERVERS[0]!, 'SSH-2.0-x\r\n'],
      [SERVERS[1]!, HELLO],
    ] as const)
      await lab.run('client', ['python3', EXCHANGE, 'tcp', host, '9000', text, '10'])
    const [told] = await exchange('tcp', SERVERS[0]!, '9000', HELLO, String(SENT))
    const { protocol, bytesOut, verdict } = await endOf(SERVERS[0]!)
    assert.deepEqual([protocol, verdict.stage, bytesOut], ['http', 'handshake', told!.sent])
    assert.deepEqual([ends().length, recorded().filter((each) => each.verdict.verdict === 'deny').length], [1, 2])
  })

  test('a connection that outlives a killed gateway is told whole by the next', async () => {
    await under(ANYWHERE)
    const kept = lab.start('client', ['python3', EXCHANGE, 'keep', SERVERS[0]!, '9000', String(SENT)])
    const { sent } = JSON.parse(await kept.says('}')) as Told
    await end('SIGKILL')
    kept.child.stdin!.end()
    await kept.ended
    const [during] = await exchange('tcp', SERVERS[1]!, '9000', '', '5')
    await start()
    assert.equal((await endOf(SERVERS[0]!)).bytesOut, sent)
    assert.equal((await endOf(SERVERS[1]!)).bytesOut, during!.sent)
  })

  test('beginnings that found no room are counted once, by the gateway that was killed or by the next', async () => {
    await under(ANYWHERE)
    const flood = async (port: number): Promise<void> => {
      gateway!.child.kill('SIGSTOP')
      await send(port, MORE_THAN_A_RING)
    }
    await flood(9000)
    gateway!.child.kill('SIGCONT')
    await eventually(() => lost('kernel-events') > 0, 'they are recorded')
    const [before, told] = [await readMetric(lab, EVENTS_LOST), lost('kernel-events')]
    assert.equal(told, before)
    await flood(9001)
    await end('SIGKILL')
    await start()
    const after = await readMetric(lab, EVENTS_LOST)
    assert.ok(after > before)
    await end('SIGTERM')
    assert.equal(lost('kernel-events'), after)
  })

  test('datagrams have their payload, of fragments all of it; what goes on when the gateway ends is told by then', async () => {
    await under(ANYWHERE)
    for (const host of SERVERS) await exchange('udp', host, '9000', '4000', '3')
    assert.equal(ends().length, 0)
    await end('SIGTERM')
    for (const host of SERVERS) {
      const { bytesOut, bytesIn, transport } = await endOf(host)
      assert.deepEqual([transport, bytesOut, bytesIn], ['udp', 12_000, 12_000])
    }
  })

  test('it has the same behind NAT', async () => {
    await start('--nat6')
    await under(ANYWHERE)
    await carriesWhatWasSent(true)
  })

  test('of more flows than there is room for, those are counted that were forgotten before their end', async () => {
    await start('--max-flows', '1024')
    await under(ANYWHERE)
    const done = await exchange('tcp', SERVERS[0]!, '9000', '', '1000', String(CONNECTIONS), '8')
    assert.equal(done.length, CONNECTIONS)
    await send(9000, CONNECTIONS)
    const left = await readMetric(lab, 'sallyport_gateway_flows_left_total')
    await end('SIGTERM')
    const forgotten = lost('kernel-ends')
    assert.ok(left >= 2 * CONNECTIONS, `${left} flows`)
    assert.ok(forgotten > 0)
    assert.equal(ends().length + forgotten, left)
  })
})
