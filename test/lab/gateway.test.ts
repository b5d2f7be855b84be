import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowRecord } from '@sallyport/flow'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { officePolicy, readMetric, readMetrics, readRecorded } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, PROBE, sallyport, startGateway } from './guarded-network.ts'
import { startServices, type Arrivals } from './lab-services.ts'
import { needsRoot, type Ended, type Lab, type Started } from './open-lab.ts'

const CLIENT_MAC = '02:00:5e:00:53:10'
const CLIENTS = `clients:
  - { address: 10.77.0.10, user: ann, groups: [finance], device: ann-laptop }
  - { address: 10.77.0.21, mac: '02:00:5e:00:53:20', user: bob }
  - { mac: '02:00:5e:00:53:20', user: bob }
  - { hostname: build-3, tags: [ci] }
`
const MOVE = 'ip addr del $1 dev lan && ip addr add $2 dev lan && ip route add default via 10.77.0.1'
const SETTINGS = ['--clients', 'clients.yaml', '--leases', 'leases']
const WEB = 'id: web, action: allow, to: [allowed.test], ports: [80]'
const ALLOWED_HOST = "to: [198.51.100.10, '2001:db8:1::10']"
const ALLOWED = ['198.51.100.10', '2001:db8:1::10']
const OTHERS = ['198.51.100.20', '2001:db8:1::20']

suite('gateway', { skip: needsRoot }, () => {
  let lab: Lab
  let world: Arrivals
  let gateway: Started | null = null
  before(async () => {
    lab = await openGuardedNetwork({
      colleague: {
        on: { lan: ['10.77.0.20/24', 'fd77::20/64'] },
        macs: { lan: '02:00:5e:00:53:20' },
        via: ['10.77.0.1', 'fd77::1'],
      },
    })
    writeFileSync(join(lab.directory, 'clients.yaml'), CLIENTS)
    writeFileSync(join(lab.directory, 'leases'), '')
    world = await startServices(lab, 'world', {
      dns: { at: '198.51.100.53', zone: { 'allowed.test': ALLOWED, 'denied.test': OTHERS } },
      http: [...ALLOWED, ...OTHERS].map((host) => `${host} 80`),
      tcp: [...ALLOWED, ...OTHERS].map((host) => `${host} 7000`),
      udp: [...ALLOWED, ...OTHERS].map((host) => `${host} 7000`),
    })
  })
  after(async () => {
    await end('SIGTERM')
    await lab?.[Symbol.asyncDispose]()
  })

  const start = async (...more: readonly string[]): Promise<void> => {
    gateway ??= await startGateway(lab, ['--report', 'flows.jsonl', '--metrics', '127.0.0.1:9100', ...more])
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    gateway?.child.kill(signal)
    await gateway?.ended
    gateway = null
  }
  const apply = (rules: readonly string[], mode = 'enforce'): Promise<unknown> =>
    askSallyport(lab, 'router', '/apply', {
      files: [{ file: 'office.yaml', text: officePolicy(...rules) }],
      mode,
      author: 'lab',
    })
  /** A policy under the one gateway that most of these tests share. */
  const under = async (...rules: readonly string[]): Promise<void> => {
    await start(...SETTINGS)
    await apply(rules)
  }
  const fetches = async (url: string, host = 'client'): Promise<boolean> =>
    (await lab.run(host, ['curl', '-sS', '-m', '20', url])).stdout.includes('hello')
  const probe = async (host: string, ...args: readonly string[]): Promise<string> =>
    (await lab.run(host, ['python3', PROBE, ...args])).stdout.trim()
  const dig = (host: string, ...args: readonly string[]): Promise<Ended> =>
    lab.run(host, ['dig', '+short', '+tries=2', '+time=10', ...args])
  const onRouter = async (...command: readonly string[]): Promise<string> =>
    (await lab.run('router', command)).stdout.trim()
  const metric = (name: string): Promise<number> => readMetric(lab, name)
  const recorded = (): readonly FlowRecord[] => readRecorded(lab)

  test('an allowed name is reached by IPv4 and IPv6; nothing else leaves, and what is refused is told so at once', async () => {
    await under(WEB, 'id: silent, action: deny, how: drop, to: [198.51.100.20], ports: [7000]')
    const get = (family: string): Promise<Ended> =>
      lab.run('client', ['curl', '-sS', '-m20', family, 'http://allowed.test/'])
    for (const { stdout, stderr } of await Promise.all(['-4', '-6'].map(get))) assert.match(stdout, /hello/, stderr)
    const tries = [
      ['tcp', '198.51.100.20', '80', 'ECONNREFUSED'],
      ['tcp', '2001:db8:1::20', '80', 'ECONNREFUSED'],
      ['tcp', '198.51.100.10', '7000', 'ECONNREFUSED'],
      ['udp', '2001:db8:1::20', '7000', 'EACCES'],
      ['briefly', 'tcp', '198.51.100.20', '7000', 'timeout'],
    ] as const
    await Promise.all(
      tries.map(async ([...args]) =>
        assert.equal(await probe('client', ...args.slice(0, -1)), args.at(-1), args.join(' ')),
      ),
    )
    assert.deepEqual([...world.at('198.51.100.20'), ...world.at('2001:db8:1::20')], [])
  })

  test('questions to any server go by the resolver, over UDP and TCP; a refused name is never asked about', async () => {
    await under(WEB)
    for (const args of [['@203.0.113.9'], ['@198.51.100.53', '+tcp'], ['@2001:db8:1::10']])
      assert.match((await dig('client', ...args, 'allowed.test')).stdout, /^198\.51\.100\.10/, args.join(' '))
    assert.match((await lab.run('client', ['dig', '@203.0.113.9', 'denied.test'])).stdout, /status: NXDOMAIN/)
    assert.deepEqual(
      world.all().filter(({ kind, name }) => kind === 'dns' && name === 'denied.test'),
      [],
    )
  })

  test('rules hold for whoever has the address: by address, by hardware address, by lease, and after a change of address', async () => {
    await under(
      `id: finance, action: allow, from: [{ group: finance }], ${ALLOWED_HOST}, ports: [80]`,
      `id: bob, action: allow, from: [{ user: bob }], ${ALLOWED_HOST}, ports: [7000]`,
      'id: ci, action: allow, from: [{ tag: ci }], to: [198.51.100.20], ports: [80]',
      'id: guests, action: allow, from: [{ network: 10.77.0.30/31 }], to: [198.51.100.20], ports: [7000]',
    )
    const reached = async (host: string): Promise<readonly string[]> => {
      const tries = [...ALLOWED, OTHERS[0]!].flatMap((to) => ['80', '7000'].map((port) => [to, port] as const))
      const said = await Promise.all(tries.map(([to, port]) => probe(host, 'tcp', to, port)))
      return tries.filter((_, at) => said[at] === 'ok').map((each) => each.join(' '))
    }
    const move = (from: string, to: string): Promise<Ended> =>
      lab.run('client', ['sh', '-c', MOVE, 'sh', `${from}/24`, `${to}/24`])
    assert.deepEqual(await reached('client'), ['198.51.100.10 80'])
    assert.deepEqual(await reached('colleague'), ['198.51.100.10 7000', '2001:db8:1::10 7000'])
    await move('10.77.0.10', '10.77.0.31')
    assert.deepEqual(await reached('client'), ['198.51.100.20 7000'])
    writeFileSync(join(lab.directory, 'leases'), `0 ${CLIENT_MAC} 10.77.0.31 build-3 *\n`)
    await eventually(async () => (await probe('client', 'tcp', '198.51.100.20', '80')) === 'ok', 'the lease is seen')
    assert.deepEqual(await reached('client'), ['198.51.100.20 80', '198.51.100.20 7000'])
    await move('10.77.0.31', '10.77.0.10')
    const by = (rule: string): FlowRecord | undefined => recorded().find(({ verdict }) => verdict.rule === rule)
    await eventually(() => by('ci') !== undefined, 'it is recorded')
    assert.deepEqual(
      [by('finance')?.user, by('finance')?.device, by('finance')?.src],
      ['ann', 'ann-laptop', '10.77.0.10'],
    )
    assert.equal(by('bob')?.user, 'bob')
    assert.deepEqual([by('ci')?.tags, by('ci')?.src], [['ci'], '10.77.0.31'])
  })

  test('only sources of the network leave, and an address only from whom it belongs to; forgeries are counted and recorded', async () => {
    await under('id: all, action: allow, to: [0.0.0.0/0]')
    const before = world.at('198.51.100.10 7000').length
    for (const source of ['203.0.113.7', '10.77.1.10', '10.77.0.21'])
      assert.equal(await probe('client', 'spoof', source, '198.51.100.10', '7000'), 'sent')
    assert.equal(await probe('client', 'udp', '198.51.100.10', '7000'), 'ok')
    assert.equal(await probe('colleague', 'spoof', '10.77.0.21', '198.51.100.10', '7000'), 'sent')
    await eventually(() => world.at('198.51.100.10 7000').length >= before + 2, 'the owner of an address reaches it')
    assert.equal(await metric('sallyport_gateway_spoofed_packets_total'), 3)
    assert.equal(world.at('198.51.100.10 7000').length, before + 2)
    const forged = (): readonly FlowRecord[] => recorded().filter(({ verdict }) => verdict.reason === 'spoofed-source')
    await eventually(() => forged().length > 0, 'a forgery is recorded')
    assert.ok(forged().every(({ verdict }) => verdict.verdict === 'deny'))
  })

  test('a source that only denotes the address of an open flow does not take its way', async () => {
    await under('id: all, action: allow, to: [0.0.0.0/0]')
    await onRouter('ip', 'route', 'add', '64:ff9b::/96', 'via', '2001:db8:1::10')
    const before = await metric('sallyport_gateway_spoofed_packets_total')
    assert.equal(await probe('client', 'spoof', '10.77.0.10', '198.51.100.10', '7000'), 'sent')
    assert.equal(await metric('sallyport_gateway_spoofed_packets_total'), before)
    assert.equal(await probe('client', 'spoof', '64:ff9b::10.77.0.10', '64:ff9b::198.51.100.10', '7000'), 'sent')
    const counted = async (): Promise<boolean> =>
      (await metric('sallyport_gateway_spoofed_packets_total')) === before + 1
    await eventually(counted, 'a forgery is counted')
  })

  test('a policy that no longer allows a connection ends it at once, and leaves the others alone', async () => {
    const both = ['id: a, action: allow, to: [198.51.100.10]', "id: b, action: allow, to: ['2001:db8:1::10']"]
    await under(...both)
    const [cut, kept] = ALLOWED.map((host) => lab.start('client', ['python3', PROBE, 'hold', host, '7000']))
    await Promise.all([cut!.says('open'), kept!.says('open')])
    await apply([both[1]!])
    assert.match((await cut!.ended).stdout, /ECONNRESET/)
    await sleep(300)
    assert.equal(kept!.child.exitCode, null)
    kept!.child.kill()
    await kept!.ended
  })

  test('large datagrams pass in fragments where they are allowed; a fragment without its first, an option, a stray error do not', async () => {
    await under(`id: echo, action: allow, ${ALLOWED_HOST}, ports: [udp/7000, icmp]`)
    for (const host of ALLOWED) assert.equal(await probe('client', 'udp', host, '7000', '4000'), 'ok', host)
    for (const host of OTHERS) assert.notEqual(await probe('client', 'udp', host, '7000', '4000'), 'ok', host)
    const [lost, unread] = await Promise.all(
      ['fragments_lost', 'unreadable_packets'].map((each) => metric(`sallyport_gateway_${each}_total`)),
    )
    const filter = 'src net 10.77.0.0/16 and (ip[0] != 0x45 or ip[6:2] & 0x1fff == 3 or icmp[0] == 3)'
    const seen = lab.start('world', ['tcpdump', '-lni', 'wan', filter])
    await seen.says('listening')
    for (const args of [
      ['later', '198.51.100.10'],
      ['options', '198.51.100.10', '7000'],
      ['error', '198.51.100.10'],
    ])
      assert.equal(await probe('client', ...args), 'sent')
    const counted = async (): Promise<readonly number[]> =>
      Promise.all(['fragments_lost', 'unreadable_packets'].map((each) => metric(`sallyport_gateway_${each}_total`)))
    await eventually(async () => (await counted()).every((now, at) => now > [lost!, unread!][at]!), 'both are counted')
    assert.deepEqual(await counted(), [lost! + 1, unread! + 1])
    seen.child.kill('SIGTERM')
    assert.equal((await seen.ended).stdout.trim(), '')
  })

  test('what was not asked for does not come in; this machine itself is reached as ever', async () => {
    await under(WEB)
    const echo = ['socat', '-dd', 'tcp-listen:7000,fork', 'exec:cat']
    const [inside, own] = [lab.start('client', echo), lab.start('router', echo)]
    await Promise.all([inside.says('listening'), own.says('listening')])
    assert.notEqual(await probe('world', 'briefly', 'tcp', '10.77.0.10', '7000'), 'ok')
    assert.equal(await probe('client', 'tcp', '10.77.0.1', '7000'), 'ok')
    for (const { child } of [inside, own]) child.kill()
  })

  test('the page of metrics lists every metric of the gateway, and no other', async () => {
    await under(WEB)
    const stdout = await readMetrics(lab)
    const exported = [...stdout.matchAll(/^(sallyport_(?:gateway|inspection)_\w+)/gm)].map(([name]) => name)
    const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')
    const documented = [...page.matchAll(/^\| `(sallyport_(?:gateway|inspection)_\w+)` \|/gm)].map(([, name]) => name)
    assert.deepEqual(documented.toSorted(), [...new Set(exported)].toSorted())
  })

  test('without its program nothing leaves, and nothing is asked', async () => {
    await under('id: all, action: allow, to: [0.0.0.0/0]')
    assert.equal(await fetches('http://198.51.100.10/'), true)
    await onRouter('tc', 'filter', 'del', 'dev', 'lan', 'ingress')
    assert.equal(await probe('client', 'briefly', 'tcp', '198.51.100.10', '80'), 'timeout')
    assert.equal((await dig('client', '+tries=1', '+time=1', '@198.51.100.53', 'allowed.test')).status, 9)
    await end('SIGTERM')
  })

  test('what somebody else does to its rules in nftables is undone', async () => {
    await under(WEB)
    assert.equal(await fetches('http://allowed.test/'), true)
    const table = 'sallyport-lan'
    const before = await metric('sallyport_gateway_tables_restored_total')
    const undone = (times: number): Promise<void> =>
      eventually(async () => (await metric('sallyport_gateway_tables_restored_total')) === before + times, 'it is back')
    await onRouter('nft', 'flush', 'ruleset')
    await undone(1)
    assert.equal(await fetches('http://198.51.100.20/'), false)
    assert.equal(await fetches('http://allowed.test/'), true)
    await onRouter('nft', 'insert', 'rule', 'inet', table, 'forward', 'accept')
    await undone(2)
    assert.equal(await fetches('http://198.51.100.20/'), false)
    await onRouter('nft', 'add', 'table', 'inet', 'another')
    await onRouter('nft', 'delete', 'table', 'inet', 'another')
    assert.equal(await fetches('http://allowed.test/'), true)
    assert.equal(await metric('sallyport_gateway_tables_restored_total'), before + 2, 'tables of others are theirs')
  })

  test('killed while it enforces, it is enforced still; the next takes over, and a clean stop leaves nothing', async () => {
    // By DNS alone: what a handshake has to decide waits for the next.
    const web = `${WEB}, assurance: dns`
    await under(web)
    assert.equal(await fetches('http://allowed.test/'), true)
    await end('SIGKILL')
    assert.equal(await fetches('http://198.51.100.20/'), false)
    assert.equal(await fetches('http://198.51.100.10/'), true, 'the name is bound still')
    await start('--nat6', ...SETTINGS)
    assert.equal(await fetches('http://allowed.test/'), true)
    assert.equal(await fetches('http://denied.test/'), false)
    await apply([web, `id: echo, action: allow, ${ALLOWED_HOST}, ports: [udp/7000]`])
    for (const host of ALLOWED) assert.equal(await probe('client', 'udp', host, '7000', '4000'), 'ok', host)
    assert.equal(world.at('198.51.100.10 7000').at(-1)?.from, '198.51.100.1', 'with NAT, the address is the gateway’s')
    assert.equal(world.at('2001:db8:1::10 7000').at(-1)?.from, '2001:db8:1::1')
    await end('SIGTERM')
    assert.equal(await onRouter('nft', 'list', 'tables'), '')
    assert.equal(await onRouter('tc', 'filter', 'show', 'dev', 'lan', 'ingress'), '')
    assert.doesNotMatch(await onRouter('tc', 'qdisc', 'show', 'dev', 'lan'), /clsact/)
    assert.equal(await onRouter('sysctl', '-n', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'), '0\n0')
  })

  test('watching, everything passes and is recorded with what would be; killed, the network is as without it', async () => {
    await start(...SETTINGS)
    await apply([WEB], 'monitor')
    assert.equal(await fetches('http://198.51.100.20/'), true)
    assert.match((await dig('client', '@203.0.113.9', 'denied.test')).stdout, /198\.51\.100\.20/)
    const watched = (): FlowRecord | undefined => recorded().find(({ dst }) => dst === '198.51.100.20')
    await eventually(() => watched() !== undefined, 'it is recorded')
    assert.deepEqual([watched()?.verdict.verdict, watched()?.verdict.mode], ['deny', 'monitor'])
    await end('SIGKILL')
    await eventually(
      async () => (await onRouter('tc', 'filter', 'show', 'dev', 'lan', 'ingress')) === '',
      'it clears up',
    )
    assert.equal(await onRouter('nft', 'list', 'tables'), '')
    assert.match((await dig('client', '@198.51.100.53', 'denied.test')).stdout, /198\.51\.100\.20/)
  })

  test('a dry run says what would be done, and does nothing; what is not there is an error', async () => {
    const gatewayWith = (...args: readonly string[]): Promise<Ended> =>
      sallyport(lab, 'router', ['gateway', '--upstream', '198.51.100.53', '--no-console', ...args])
    const [dry, ...wrong] = await Promise.all([
      gatewayWith('--lan', 'lan', '--wan', 'wan', '--mode', 'enforce', '--nat', '--dry-run'),
      gatewayWith('--lan', 'none', '--wan', 'wan', '--dry-run'),
      gatewayWith('--lan', 'lan', '--wan', 'lan'),
      gatewayWith('--lan', 'lan', '--wan', 'wan', '--clients', 'none.yaml'),
    ])
    const plan = JSON.parse(dry!.stdout) as { networks: string[]; netfilter: object }
    assert.deepEqual(plan.networks.toSorted(), ['10.77.0.0/24', 'fd77::/64'])
    assert.match(JSON.stringify(plan.netfilter), /masquerade/)
    assert.deepEqual(
      wrong.map(({ status }) => status),
      [2, 2, 2],
    )
    assert.equal(await onRouter('nft', 'list', 'tables'), '')
  })
})
