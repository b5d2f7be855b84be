import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { WITH_RESOLVER } from '../test/lab/lab-files.ts'
import type { Lab } from '../test/lab/open-lab.ts'
import { shareInHooks } from './hook-share.ts'

/** What carries traffic in the lab. */
export const SERVER = '198.51.100.10'
export const CONNECTIONS: string = fileURLToPath(new URL('./connections.py', import.meta.url))
const PORT = '9000'
const HANDSHAKES = 10
/** Clock ticks of /proc, whatever the kernel's own are. */
const TICK_MS = 10
/** The packets that were queued so far, by queue. */
const QUEUES = '/proc/net/netfilter/nfnetlink_queue'

export type Traffic = {
  readonly 'sent, Gbit/s': number
  readonly 'sent, processor ms for a gigabyte': number
  readonly 'sent, softirq ms for a gigabyte': number
  readonly 'sent, per cent of its time in hooks': number
  readonly 'received, Gbit/s': number
  readonly 'received, processor ms for a gigabyte': number
  readonly 'received, softirq ms for a gigabyte': number
  readonly 'received, per cent of its time in hooks': number
  readonly 'connections a second': number
  readonly 'packets to user space, a TLS connection': number
}

export type Guarded = {
  readonly lab: Lab
  /** What starts a command that is guarded. */
  readonly prefix: readonly string[]
}

export async function startServers(lab: Lab): Promise<void> {
  const bulk = lab.start('world', ['iperf3', '-s', '-B', SERVER, '--forceflush'])
  const accepts = lab.start('world', ['python3', CONNECTIONS, 'serve', SERVER, PORT])
  await Promise.all([bulk, accepts].map((each) => each.says('listening')))
}

/** One short turn of a guard. */
export async function measureTraffic(guarded: Guarded, seconds: number): Promise<Traffic> {
  const sent = await bulk(guarded, seconds, [])
  const received = await bulk(guarded, seconds, ['-R'])
  const rate = await client(guarded, ['python3', CONNECTIONS, 'connect', SERVER, PORT, String(seconds)])
  const before = await queued(guarded)
  const fetches = `for n in $(seq ${HANDSHAKES}); do curl -skS -m 5 -o /dev/null https://allowed.test/ || exit 1; done`
  await client(guarded, ['sh', '-c', fetches])
  return {
    'sent, Gbit/s': sent.rate,
    'sent, processor ms for a gigabyte': sent.processor,
    'sent, softirq ms for a gigabyte': sent.softirq,
    'sent, per cent of its time in hooks': await hooks(guarded, seconds, []),
    'received, Gbit/s': received.rate,
    'received, processor ms for a gigabyte': received.processor,
    'received, softirq ms for a gigabyte': received.softirq,
    'received, per cent of its time in hooks': await hooks(guarded, seconds, ['-R']),
    'connections a second': Number(rate),
    'packets to user space, a TLS connection': ((await queued(guarded)) - before) / HANDSHAKES,
  }
}

type Bulk = { readonly rate: number; readonly processor: number; readonly softirq: number }

async function bulk(guarded: Guarded, seconds: number, options: readonly string[]): Promise<Bulk> {
  const [softirq, threads] = [softirqMs(), softirqThreadsMs()]
  const text = await client(guarded, ['iperf3', '-c', SERVER, '-t', String(seconds), '-J', ...options])
  const { end } = JSON.parse(text) as Iperf
  const { bytes, bits_per_second: bits, seconds: took } = end.sum_received
  const { host_total: here, remote_total: there } = end.cpu_utilization_percent
  const gigabytes = bytes / 1e9
  return {
    rate: bits / 1e9,
    processor: (((here + there) / 100) * took * 1e3 + softirqThreadsMs() - threads) / gigabytes,
    softirq: (softirqMs() - softirq) / gigabytes,
  }
}

function hooks(guarded: Guarded, seconds: number, options: readonly string[]): Promise<number> {
  return shareInHooks(guarded.lab.directory, seconds, () => bulk(guarded, seconds, options))
}

async function client({ lab, prefix }: Guarded, command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await lab.run('client', [...WITH_RESOLVER, ...prefix, ...command])
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

type Iperf = {
  readonly end: {
    readonly sum_received: { readonly bytes: number; readonly seconds: number; readonly bits_per_second: number }
    readonly cpu_utilization_percent: { readonly host_total: number; readonly remote_total: number }
  }
}

async function queued({ lab }: Guarded): Promise<number> {
  const hosts = await Promise.all(['client', 'router'].map((host) => lab.run(host, ['cat', QUEUES])))
  const lines = hosts.flatMap(({ stdout }) => stdout.trim().split('\n').filter(Boolean))
  // Its eighth column counts what was queued.
  return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[7]), 0)
}

/** Of the whole machine: what packets took, in whatever process they found it. */
function softirqMs(): number {
  const [, , , , , , , softirq] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 8)
  return Number(softirq) * TICK_MS
}

/** What was left to threads of the kernel is in no process's account. */
function softirqThreadsMs(): number {
  const stats = globSync('/proc/[0-9]*/stat').flatMap(statOf)
  return stats.filter((stat) => stat.includes('(ksoftirqd/')).reduce((sum, stat) => sum + ticksOf(stat) * TICK_MS, 0)
}

function statOf(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8')]
  } catch {
    // It has ended.
    return []
  }
}

/** User and system time, which are fields 14 and 15 of proc(5). */
function ticksOf(stat: string): number {
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return Number(user) + Number(system)
}
