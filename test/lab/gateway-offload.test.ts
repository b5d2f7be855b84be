import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { officePolicy, readMetric } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, PROBE, startGateway } from './guarded-network.ts'
import { needsRoot, type Lab, type Started } from './open-lab.ts'

const BULK = fileURLToPath(new URL('./bulk.py', import.meta.url))
const V4 = '198.51.100.10'
const V6 = '2001:db8:1::10'
const SERVER = `to: ['${V4}', '${V6}']`
/** Handshakes decide it, so that the rules which hold packets for them are there. */
const NAMED = 'id: named, action: allow, to: [allowed.test], ports: [443]'
const ALL = `id: all, action: allow, ${SERVER}`
const CLIENTS = "clients:\n  - { address: 10.77.0.10, mac: '02:00:5e:00:53:10', user: ann }\n"
const MUCH = 4_000_000
const HELD_FOR_MS = 1200

/** A connection of the client, which does one thing after the other. */
type Carrying = { readonly port: number; readonly act: (what: string) => Promise<string> }

suite('large flows past netfilter', { skip: needsRoot }, () => {
  let lab: Lab
  let gateway: Started
  let servers: readonly Started[]
  const opened: Started[] = []
  before(async () => {
    lab = await openGuardedNetwork({
      colleague: { on: { lan: ['10.77.0.20/24'] }, macs: { lan: '02:00:5e:00:53:20' }, via: ['10.77.0.1'] },
    })
    writeFileSync(join(lab.directory, 'clients.yaml'), CLIENTS)
    servers = [V4, V6].map((host) => lab.start('world', ['python3', BULK, 'serve', host, '7000']))
    await Promise.all(servers.map((each) => each.says('listening')))
    gateway = await start()
    await under(ALL)
  })
  afterEach(async () => {
    for (const { child } of opened) child.kill('SIGKILL')
    await Promise.all(opened.splice(0).map(({ ended }) => ended))
  })
  after(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    await lab?.[Symbol.asyncDispose]()
  })

  const start = (...more: readonly string[]): Promise<Started> =>
    startGateway(lab, ['--metrics', '127.0.0.1:9100', '--clients', 'clients.yaml', ...more])
  const under = async (...rules: readonly string[]): Promise<void> => {
    const files = [{ file: 'office.yaml', text: officePolicy(NAMED, ...rules) }]
    await askSallyport(lab, 'router', '/apply', { files, mode: 'enforce', author: 'lab' })
  }
  const onRouter = async (...command: readonly string[]): Promise<string> =>
    (await lab.run('router', command)).stdout.trim()
  const connect = async (host: string, transport = 'tcp', source = '0'): Promise<Carrying> => {
    const started = lab.start('client', ['python3', BULK, 'over', transport, host, '7000', source])
    opened.push(started)
    const said = await started.says(/open \d+\n/)
    let line = 0
    return {
      port: Number(/open (\d+)/.exec(said)![1]),
      act: async (what) => {
        const number = ++line
        started.child.stdin!.write(`${what}\n`)
        const output = await started.says(new RegExp(`^${number} .*\n`, 'm'))
        return new RegExp(`^${number} (.*)$`, 'm').exec(output)![1]!
      },
    }
  }
  const straight = async (to: 'wan' | 'lan'): Promise<number> =>
    readMetric(lab, `sallyport_gateway_straight_packets_total{to="${to}"}`)
  /** Carries on until packets of both directions have gone straight. */
  const carry = async ({ act }: Carrying): Promise<void> => {
    const before = [await straight('wan'), await straight('lan')]
    await eventually(async () => {
      for (const what of ['put', 'get']) assert.equal(await act(`${what} ${MUCH}`), 'done')
      return (await straight('wan')) > before[0]! && (await straight('lan')) > before[1]!
    }, 'packets go straight, both ways')
  }
  const echoStraight = async ({ act }: Carrying): Promise<void> => {
    const before = await straight('lan')
    await eventually(async () => {
      assert.equal(await act('put 600000'), 'done')
      return (await straight('lan')) > before
    }, 'datagrams go straight')
  }
  const entry = async (port: number): Promise<string> =>
    onRouter('sh', '-c', `grep -m 1 'sport=${port} dport=7000 ' /proc/net/nf_conntrack || true`)
  /** Until connection tracking forgets it; 0 when it has. */
  const secondsLeft = async ({ port }: Carrying): Promise<number> => Number((await entry(port)).split(/\s+/)[4] ?? 0)

  test('they go straight by IPv4 and IPv6, a hop shorter, and how they end is known to connection tracking', async () => {
    const hops = 'src net 10.77.0.0/24 and ip[8] != 63 or src net fd77::/64 and ip6[7] != 63'
    const wrong = lab.start('world', ['tcpdump', '-lni', 'wan', hops])
    await wrong.says('listening')
    for (const [host, how, longest] of [
      [V4, 'close', 120],
      [V6, 'close', 120],
      [V4, 'reset', 10],
    ] as const) {
      const carrying = await connect(host)
      await carry(carrying)
      assert.match(await entry(carrying.port), /ESTABLISHED.*ASSURED/)
      assert.equal(await carrying.act(how), 'done')
      await eventually(async () => (await secondsLeft(carrying)) <= longest, `${host} ${how}`)
    }
    wrong.child.kill('SIGTERM')
    assert.equal((await wrong.ended).stdout.trim(), '')
  })

  test('a policy that no longer allows one ends it with its next packet; one that goes on goes on straight', async () => {
    const [cut, kept] = [await connect(V4), await connect(V6)]
    await Promise.all([carry(cut), carry(kept)])
    await under(`id: all, action: allow, to: ['${V6}']`)
    assert.equal(await cut.act('put 1000'), 'ECONNRESET')
    await carry(kept)
    await under(ALL)
  })

  test('one whose rule has a limit, and a short one, see netfilter with every packet', async () => {
    await under(`id: all, action: allow, ${SERVER}, limit: { bytesOut: 1GB }`)
    const limited = await connect(V4)
    const before = [await straight('wan'), await straight('lan')]
    for (const what of ['put', 'get', 'put', 'get']) assert.equal(await limited.act(`${what} ${MUCH}`), 'done')
    await under(ALL)
    assert.equal(await (await connect(V6)).act('put 10000'), 'done')
    assert.deepEqual([await straight('wan'), await straight('lan')], before)
  })

  test('one that falls silent is kept as long as any, and its server is heard first', async () => {
    const carrying = await connect(V4)
    await carry(carrying)
    await eventually(async () => (await secondsLeft(carrying)) > 4 * 86_400, 'connection tracking keeps it for days')
    assert.equal(await carrying.act(`wait ${HELD_FOR_MS / 1000}`), 'done')
    await carry(carrying)
  })

  test('datagrams that go both ways do, and nobody else’s under their addresses', async () => {
    // What forges is sent from there.
    const carrying = await connect(V4, 'udp', '4000')
    await echoStraight(carrying)
    const forged = await readMetric(lab, 'sallyport_gateway_spoofed_packets_total')
    assert.equal((await lab.run('colleague', ['python3', PROBE, 'spoof', '10.77.0.10', V4, '7000'])).stdout, 'sent\n')
    await eventually(
      async () => (await readMetric(lab, 'sallyport_gateway_spoofed_packets_total')) === forged + 1,
      'it is counted',
    )
    assert.equal(await carrying.act('put 600000'), 'done')
    servers[0]!.child.kill()
    assert.doesNotMatch((await servers[0]!.ended).stdout, /forged/)
    servers = [lab.start('world', ['python3', BULK, 'serve', V4, '7000']), servers[1]!]
    await servers[0]!.says('listening')
  })

  test('a way that carries smaller packets, and one that becomes so, is found', async () => {
    await onRouter('ip', 'link', 'set', 'wan', 'mtu', '1300')
    for (const host of [V4, V6]) await carry(await connect(host))
    const carrying = await connect(V4)
    await carry(carrying)
    await onRouter('ip', 'link', 'set', 'wan', 'mtu', '1000')
    await eventually(async () => {
      await carry(carrying)
      return (await lab.run('client', ['ip', 'route', 'get', V4])).stdout.includes('mtu 1000')
    }, 'its client is told')
    await onRouter('ip', 'link', 'set', 'wan', 'mtu', '1500')
    await onRouter('ip', 'address', 'add', '2001:db8:1::1/64', 'dev', 'wan', 'nodad')
    // What it was told holds for ten minutes: it would send datagrams in fragments, which are not offloaded.
    await lab.run('client', ['ip', 'route', 'flush', 'cache'])
  })

  test('what stops a packet a second stops them all: forwarding that is off, rules of others', async () => {
    const carrying = await connect(V4)
    await carry(carrying)
    await onRouter('sysctl', '-qw', 'net.ipv4.ip_forward=0')
    await sleep(HELD_FOR_MS)
    const before = await straight('wan')
    const late = carrying.act(`put ${MUCH}`)
    assert.equal(await Promise.race([late, sleep(500, 'waits')]), 'waits')
    assert.equal(await straight('wan'), before)
    await onRouter('sysctl', '-qw', 'net.ipv4.ip_forward=1')
    assert.equal(await late, 'done')
    await onRouter('nft', 'add', 'table', 'inet', 'another')
    await onRouter('nft', 'add chain inet another counted { type filter hook forward priority 1; }')
    await onRouter('nft', 'add', 'rule', 'inet', 'another', 'counted', 'counter')
    await gateway.says('every packet goes through netfilter')
    const closed = await straight('wan')
    assert.equal(await carrying.act(`put ${MUCH}`), 'done')
    assert.equal(await straight('wan'), closed)
    await onRouter('nft', 'delete', 'table', 'inet', 'another')
    await gateway.says('nobody else looks at them any more')
    await carry(carrying)
  })

  test('translated, they go straight under the address of this machine, with checksums that are right', async () => {
    gateway.child.kill('SIGTERM')
    await gateway.ended
    gateway = await start('--nat')
    // Of connections that began before, nothing has data any more.
    const own = lab.start('world', ['tcpdump', '-lni', 'wan', 'src net 10.77.0.0/24 and greater 500'])
    await own.says('listening')
    const carrying = await connect(V4)
    await carry(carrying)
    for (const [host, network] of [
      ['client', 'lan'],
      ['world', 'wan'],
    ] as const)
      assert.equal((await lab.run(host, ['python3', BULK, 'checksums', network])).status, 0)
    for (const each of [carrying, await connect(V6)]) await carry(each)
    await echoStraight(await connect(V4, 'udp'))
    own.child.kill('SIGTERM')
    assert.equal((await own.ended).stdout.trim(), '')
  })

  test('killed, what is denied stays denied; the next one ends what its policy does not allow, and leaves nothing behind', async () => {
    const carrying = await connect(V4)
    await carry(carrying)
    gateway.child.kill('SIGKILL')
    await gateway.ended
    assert.equal(await carrying.act(`put ${MUCH}`), 'done')
    assert.equal((await lab.run('client', ['python3', PROBE, 'tcp', '198.51.100.20', '7000'])).stdout, 'ECONNREFUSED\n')
    gateway = await start('--no-offload')
    const before = await straight('wan')
    assert.equal(await carrying.act(`put ${MUCH}`), 'done')
    assert.equal(await straight('wan'), before)
    await under(`id: all, action: allow, to: ['${V6}']`)
    assert.equal(await carrying.act('put 1000'), 'ECONNRESET')
    gateway.child.kill('SIGTERM')
    await gateway.ended
    for (const point of ['ingress', 'egress'])
      assert.equal(await onRouter('tc', 'filter', 'show', 'dev', 'wan', point), '')
    assert.doesNotMatch(await onRouter('tc', 'qdisc', 'show', 'dev', 'wan'), /clsact/)
  })
})
