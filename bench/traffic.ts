/**
 * What a guard costs the traffic that it lets through, beside the same network without one and with plain nftables: bulk
 * TCP both ways, new connections a second, and how many packets of a connection user space sees. Each guard has a network
 * of its own, and all stand the whole time: a turn is short, so that what else the machine does falls on all of them.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEndpoint } from '../test/lab/guarded-endpoint.ts'
import { openGuardedNetwork, startGateway } from '../test/lab/guarded-network.ts'
import { writeKeys } from '../test/lab/lab-files.ts'
import { startServices } from '../test/lab/lab-services.ts'
import type { Lab } from '../test/lab/open-lab.ts'
import { measureTraffic, startServers, type Guarded, type Traffic } from './traffic-load.ts'
import { NFTABLES, startOpenSnitch, type Guard } from './traffic-peers.ts'
import { spreadText } from './spread.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 9)
const SECONDS = Number(process.env['SECONDS'] ?? 1)
/** What the cables of a network carry; as much as the processors can, unless given. */
const LINE_GBIT = Number(process.env['LINE_GBIT'] ?? Infinity)
const HEAD = 'sallyport: 1\nname: bench\nmode: enforce\nrules:\n  - { id: all, action: allow, to: [198.51.100.10] }\n'
/** No handshake decides anything. */
const BY_ADDRESS = `${HEAD}  - { id: names, action: allow, to: [198.51.100.20] }\n`
const POLICY = `${HEAD}  - { id: names, action: allow, to: [allowed.test] }\n`
const POLICY_OPTIONS = ['--policy', 'bench.yaml', '--mode', 'enforce']
/** Of a guard, whatever the number of rounds. */
const LONGEST_MS = 3_600_000
const NOBODY = 'nobody'

function gateway(...options: readonly string[]): Guard {
  return async (lab) => {
    const { child, ended } = await startGateway(lab, [...POLICY_OPTIONS, ...options], LONGEST_MS)
    return { prefix: [], end: async () => void (child.kill('SIGTERM'), await ended) }
  }
}

const GUARDS: Readonly<Record<string, Guard>> = {
  [NOBODY]: async () => ({ prefix: [], end: async () => {} }),
  'nftables on the client': NFTABLES.client,
  'OpenSnitch on the client': startOpenSnitch,
  'sallyport up': (lab) => endpoint(lab, POLICY_OPTIONS),
  'sallyport up by addresses': (lab) => endpoint(lab, ['--policy', 'addresses.yaml', '--mode', 'enforce']),
  'nftables on the router': NFTABLES.router,
  'sallyport gateway': gateway(),
  'sallyport gateway --no-offload': gateway('--no-offload'),
}
const ONLY = process.env['GUARDS']?.split(',')
const names = Object.keys(GUARDS).filter((name) => name === NOBODY || (ONLY?.includes(name) ?? true))

await using scope = new AsyncDisposableStack()
const guarded = new Map<string, Guarded>()
for (const name of names) {
  const lab = scope.use(await openGuardedNetwork())
  await prepare(lab)
  const { prefix, end } = await GUARDS[name]!(lab)
  scope.defer(end)
  guarded.set(name, { lab, prefix })
}

const measured = new Map<string, Traffic[]>(names.map((name) => [name, []]))
for (let round = 0; round < ROUNDS; round++)
  // What one leaves behind falls to the next, so each comes at each place equally often.
  for (const [at] of names.entries()) {
    const name = names[(at + round) % names.length]!
    measured.get(name)!.push(await measureTraffic(guarded.get(name)!, SECONDS))
    process.stderr.write(`\r${round + 1}/${ROUNDS} ${name.padEnd(30)}`)
  }
process.stderr.write('\n')
for (const name of names) report(name)

async function endpoint(lab: Lab, options: readonly string[]): ReturnType<Guard> {
  const started = await startEndpoint(lab, options, LONGEST_MS)
  return { prefix: started.prefix, end: async () => started[Symbol.asyncDispose]() }
}

async function prepare(lab: Lab): Promise<void> {
  writeFileSync(join(lab.directory, 'bench.yaml'), POLICY)
  writeFileSync(join(lab.directory, 'addresses.yaml'), BY_ADDRESS)
  writeKeys(lab)
  await lab.run('router', ['sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  if (LINE_GBIT < Infinity) for (const device of ['lan', 'wan']) await shape(lab, device)
  await startServices(lab, 'world', {
    dns: { at: '198.51.100.53', zone: { 'allowed.test': ['198.51.100.20'] } },
    https: { at: ['198.51.100.20 443'], cert: 'cert.pem', key: 'key.pem' },
  })
  await startServers(lab)
}

/** At the router, in both directions: neither end may send more than a line takes. */
async function shape(lab: Lab, device: string): Promise<void> {
  const bucket = ['tbf', 'rate', `${LINE_GBIT}gbit`, 'burst', '1mb', 'latency', '10ms']
  const { status, stderr } = await lab.run('router', ['tc', 'qdisc', 'add', 'dev', device, 'root', ...bucket])
  if (status !== 0) throw new Error(stderr)
}

/** Each measure as it was, and for each round beside what others had in that round. */
function report(name: string): void {
  const rounds = measured.get(name)!
  const peers = names.filter((peer) => peer === NOBODY || peer.startsWith('nftables')).filter((peer) => peer !== name)
  process.stdout.write(`${name}\n`)
  for (const what of Object.keys(rounds[0]!) as (keyof Traffic)[]) {
    const own = rounds.map((each) => each[what])
    process.stdout.write(`  ${what}: ${spreadText(own, what.endsWith('hooks') ? 2 : 1)}\n`)
    if (what.startsWith('packets') || what.endsWith('hooks')) continue
    for (const peer of peers) {
      const ratios = own.map((each, round) => each / measured.get(peer)![round]![what])
      process.stdout.write(`    x ${peer}: ${spreadText(ratios, 3)}\n`)
    }
  }
}
