/**
 * What a guard costs the traffic that it lets through, beside the same network without one: bulk TCP, new connections a second,
 * and how many packets of a connection user space sees. The guards take turns in every round.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEndpoint } from '../test/lab/guarded-endpoint.ts'
import { openGuardedNetwork, startGateway } from '../test/lab/guarded-network.ts'
import { WITH_RESOLVER, writeKeys } from '../test/lab/lab-files.ts'
import { startServices } from '../test/lab/lab-services.ts'
import { GUARDS_OF_OTHERS } from './traffic-peers.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SECONDS = '2'
const CONNECTIONS = fileURLToPath(new URL('./connections.py', import.meta.url))
const SERVER = '198.51.100.10'
const POLICY =
  'sallyport: 1\nname: bench\nmode: enforce\nrules:\n  - { id: all, action: allow, to: [198.51.100.10] }\n  - { id: names, action: allow, to: [allowed.test] }\n'
/** The packets that were queued so far, by queue. */
const QUEUES = '/proc/net/netfilter/nfnetlink_queue'
const HANDSHAKES = 100

type Measured = {
  readonly 'Gbit/s': number
  readonly 'processor ms for a gigabyte': number
  readonly 'connections a second': number
  readonly 'packets to user space, a connection': number
}
type Guarded = AsyncDisposable & { readonly prefix: readonly string[] }

await using lab = await openGuardedNetwork()
writeFileSync(join(lab.directory, 'bench.yaml'), POLICY)
writeKeys(lab)
await lab.run('router', ['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
await startServices(lab, 'world', {
  dns: { at: '198.51.100.53', zone: { 'allowed.test': ['198.51.100.20'] } },
  https: { at: ['198.51.100.20 443'], cert: 'cert.pem', key: 'key.pem' },
})
const bulk = lab.start('world', ['iperf3', '-s', '-B', SERVER, '--forceflush'])
const accepts = lab.start('world', ['python3', CONNECTIONS, 'serve', SERVER, '9000'])
await Promise.all([bulk, accepts].map((each) => each.says('listening')))

const NOBODY: Guarded = { prefix: [], [Symbol.asyncDispose]: async () => {} }
const POLICY_OPTIONS = ['--policy', 'bench.yaml', '--mode', 'enforce']
const GUARDS: Readonly<Record<string, () => Promise<Guarded>>> = {
  nobody: async () => NOBODY,
  ...Object.fromEntries(
    Object.entries(GUARDS_OF_OTHERS).map(([name, start]) => [
      name,
      async (): Promise<Guarded> => ({ ...NOBODY, [Symbol.asyncDispose]: await start(lab) }),
    ]),
  ),
  'sallyport up': () => startEndpoint(lab, POLICY_OPTIONS),
  'sallyport gateway': async () => {
    const { child, ended } = await startGateway(lab, POLICY_OPTIONS)
    return { ...NOBODY, [Symbol.asyncDispose]: async () => void (child.kill('SIGTERM'), await ended) }
  },
}

const measured = new Map<string, Measured[]>(Object.keys(GUARDS).map((name) => [name, []]))
for (let round = 0; round < ROUNDS; round++)
  for (const [name, start] of Object.entries(GUARDS)) {
    await using guard = await start()
    const each = await measure(guard)
    measured.get(name)!.push(each)
    process.stdout.write(`${round + 1}/${ROUNDS} ${name}: ${JSON.stringify(each)}\n`)
  }
const baseline = measured.get('nobody')!
for (const [name, rounds] of measured) {
  process.stdout.write(`${name}\n`)
  for (const what of Object.keys(rounds[0]!) as (keyof Measured)[]) {
    const ratios = rounds.map((each, at) => each[what] / baseline[at]![what])
    const ratio = what.startsWith('packets') ? '' : `; ${spread(ratios, 2)} x nobody`
    process.stdout.write(
      `  ${what}: ${spread(
        rounds.map((each) => each[what]),
        1,
      )}${ratio}\n`,
    )
  }
}

async function measure({ prefix }: Guarded): Promise<Measured> {
  const client = async (...command: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await lab.run('client', [...WITH_RESOLVER, ...prefix, ...command])
    if (status !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const { end } = JSON.parse(await client('iperf3', '-c', SERVER, '-t', SECONDS, '-J')) as Iperf
  const { bytes, seconds, bits_per_second: bits } = end.sum_received
  const { host_total: sender, remote_total: receiver } = end.cpu_utilization_percent
  const rate = Number(await client('python3', CONNECTIONS, 'connect', SERVER, '9000', SECONDS))
  const before = await queued()
  const fetches = `for n in $(seq ${HANDSHAKES}); do curl -skS -m 5 -o /dev/null https://allowed.test/ || exit 1; done`
  await client('sh', '-c', fetches)
  return {
    'Gbit/s': bits / 1e9,
    'processor ms for a gigabyte': (((sender + receiver) / 100) * seconds * 1e3) / (bytes / 1e9),
    'connections a second': rate,
    'packets to user space, a connection': ((await queued()) - before) / HANDSHAKES,
  }
}

type Iperf = {
  readonly end: {
    readonly sum_received: { readonly bytes: number; readonly seconds: number; readonly bits_per_second: number }
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number }
  }
}

async function queued(): Promise<number> {
  const hosts = await Promise.all(['client', 'router'].map((host) => lab.run(host, ['cat', QUEUES])))
  const lines = hosts.flatMap(({ stdout }) => stdout.trim().split('\n').filter(Boolean))
  // Its eighth column counts what was queued.
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[7]), 0)
}

function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [median, least, most] = [sorted[sorted.length >> 1]!, sorted[0]!, sorted.at(-1)!].map((each) =>
    each.toFixed(digits),
  )
  return `${median} (${least} to ${most})`
}
