import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../packages/kernel/test/eventually.ts'
import { readMetrics } from './gateway-readings.ts'
import { askSallyport, openGuardedNetwork, startGateway } from './guarded-network.ts'
import { startServices, type Arrivals } from './lab-services.ts'
import { needsRoot, type Ended, type Lab, type Started } from './open-lab.ts'

const FILL_CONNTRACK = fileURLToPath(new URL('./fill-conntrack.py', import.meta.url))
const HOST = '198.51.100.10'
/** To fill a larger table takes long. */
const MOST_CONNECTIONS = 2 ** 18
/** 100 take a minute: `SALLYPORT_TEST_SWAPS=100`. */
const SWAPS = Number(process.env['SALLYPORT_TEST_SWAPS'] ?? 20)
/** More than the kernel's queue holds. */
const FLOOD = 10_000
const POLICY = (number: number): string => `sallyport: 1
name: swap-${number}
mode: enforce
rules:
  - { id: tls-${number}, action: allow, to: [allowed.test], ports: [443], protocol: [tls] }
  - { id: echo-${number}, action: allow, to: [${HOST}], ports: [tcp/7000] }
`

suite('faults of a gateway that inspects', { skip: needsRoot }, () => {
  let lab: Lab
  let world: Arrivals
  let gateway: Started
  before(async () => {
    lab = await openGuardedNetwork()
    const [cert, key] = ['cert', 'key'].map((name) => join(lab.directory, `${name}.pem`)) as [string, string]
    const ask = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lab'.split(' ')
    execFileSync('openssl', [...ask, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    world = await startServices(lab, 'world', {
      dns: { at: '198.51.100.53', zone: { 'allowed.test': [HOST] } },
      https: { at: [`${HOST} 443`], cert, key },
      tcp: [`${HOST} 7000`],
      udp: [`${HOST} 443`],
    })
    gateway = await startGateway(lab, ['--metrics', '127.0.0.1:9100'])
  })
  after(async () => {
    gateway?.child.kill('SIGCONT')
    gateway?.child.kill('SIGTERM')
    await gateway?.ended
    await lab?.[Symbol.asyncDispose]()
  })

  const apply = (number: number): Promise<unknown> =>
    askSallyport(lab, 'router', '/apply', {
      files: [{ file: 'office.yaml', text: POLICY(number) }],
      mode: 'enforce',
      author: 'lab',
    })
  const curl = (...args: readonly string[]): Promise<Ended> => lab.run('client', ['curl', '-sSk', '-m20', ...args])
  /** Of what stays without an answer. */
  const silent = (...args: readonly string[]): Promise<Ended> => curl('-m4', ...args)
  const inspection = async (name: string): Promise<number> => {
    const lines = (await readMetrics(lab)).split('\n').filter((line) => line.startsWith(`sallyport_inspection_${name}`))
    return lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0)
  }

  test('a policy that is swapped under load stops nothing that each of them allows, and lets nothing through', async () => {
    await apply(0)
    await curl('https://allowed.test/')
    const kept = lab.start('client', ['python3', '-c', KEEP, HOST])
    await kept.says('open')
    let swapping = true
    const load = async (name: string): Promise<readonly (number | null)[]> => {
      const codes: (number | null)[] = []
      while (swapping) codes.push((await curl('--resolve', `${name}:443:${HOST}`, `https://${name}/`)).status)
      return codes
    }
    const [good, bad] = [load('allowed.test'), load('other.test')]
    for (let number = 1; number <= SWAPS; number++) await apply(number)
    swapping = false
    const [passed, refused] = await Promise.all([good, bad])
    assert.ok(passed.length > 5 && refused.length > 5, `${passed.length} and ${refused.length} connections`)
    assert.deepEqual([...new Set(passed)], [0])
    assert.ok(!refused.includes(0))
    assert.deepEqual(
      world.all().filter(({ name }) => name === 'other.test'),
      [],
    )
    assert.equal(kept.child.exitCode, null, 'an open connection lives through all of them')
    kept.child.kill()
    await kept.ended
  })

  test('what an inspector that stands still cannot take is dropped and counted, and nothing gets past it', async () => {
    await apply(0)
    const before = world.at(`${HOST} 443`).length
    gateway.child.kill('SIGSTOP')
    assert.equal((await lab.run('client', ['python3', '-c', FLOODING, HOST, String(FLOOD)])).stdout.trim(), 'sent')
    assert.notEqual((await silent('--resolve', `allowed.test:443:${HOST}`, 'https://allowed.test/')).status, 0)
    gateway.child.kill('SIGCONT')
    await eventually(async () => (await silent('https://allowed.test/')).status === 0, 'it goes on')
    assert.equal(world.at(`${HOST} 443`).filter(({ kind }) => kind === 'udp').length, 0)
    assert.ok((await inspection('dropped_packets_total{reason="queue"}')) > 0)
    assert.ok(world.at(`${HOST} 443`).length > before)
  })

  test('a full table of connections lets nothing new through, ends nothing that is known, and is counted', async (t) => {
    const most = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'))
    if (most > MOST_CONNECTIONS) return t.skip(`the kernel has room for ${most} connections`)
    const table = async (...args: readonly string[]): Promise<number> =>
      Number((await lab.run('router', ['python3', FILL_CONNTRACK, ...args], { timeoutMs: 60_000 })).stdout)
    // Connections of others that were never answered are let go for new ones.
    await table('empty')
    await apply(0)
    const tls = (name: string): Promise<Ended> => silent('--resolve', `${name}:443:${HOST}`, `https://${name}/`)
    // The name is bound by a look-up.
    assert.equal((await curl('https://allowed.test/')).status, 0)
    const kept = lab.start('client', ['python3', '-c', KEEP, HOST])
    const turns = async (): Promise<number> => (await kept.says('open')).split('open').length
    await turns()
    const before = [world.all().length, await droppedByKernel()] as const
    assert.ok((await table('fill', String(most + 1000))) >= most)
    const turnsBefore = await turns()
    const tries = await Promise.all([tls('allowed.test'), tls('other.test'), silent(`http://${HOST}:7000/`)])
    assert.deepEqual(
      tries.map(({ status }) => status),
      [28, 28, 28],
    )
    assert.equal(world.all().length, before[0])
    assert.ok((await turns()) > turnsBefore + 10)
    assert.ok((await droppedByKernel()) > before[1])
    await table('empty')
    await eventually(async () => (await tls('allowed.test')).status === 0, 'there is room again')
    assert.notEqual((await tls('other.test')).status, 0)
    assert.deepEqual(
      world.all().filter(({ name }) => name === 'other.test'),
      [],
    )
    kept.child.kill()
    await kept.ended
  })

  /** Packets for which connection tracking had no room, of all processors. */
  const droppedByKernel = async (): Promise<number> => {
    const { stdout } = await lab.run('router', ['cat', '/proc/net/stat/nf_conntrack'])
    const [names = '', ...processors] = stdout.trim().split('\n')
    const column = names.split(/\s+/).indexOf('drop')
    return processors.reduce((sum, line) => sum + parseInt(line.trim().split(/\s+/)[column]!, 16), 0)
  }
})

const KEEP = `
import socket, sys, time
s = socket.create_connection((sys.argv[1], 7000), 20)
while True:
    s.sendall(b'more')
    if not s.recv(4096):
        break
    print('open', flush=True)
    time.sleep(0.05)
`

/** Datagrams that say nothing, each a flow of its own. */
const FLOODING = `
import socket, sys, time
host, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('', 20000 + number))
        try:
            s.sendto(b'x' * 32, (host, 443))
        except OSError:
            pass
print('sent')
`
