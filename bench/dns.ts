/**
 * Answers a second with a blocklist of a million names, beside unbound, dnsdist and dnsmasq with the same list: refusals
 * (every 23rd name of the list, each below its entry, once A and once AAAA), answers from the cache (2,000 names), and both
 * in turn. Servers share core 0 and are asked one after another by dnsperf on core 1, every run in turn, so that ratios hold
 * when the machine's speed drifts. What is not refused all of them ask of one unbound. `loadMs` is from the start of the process
 * to the first answer, `againMs` the same at a second start; memory is resident, `listMb` over a start without list. `perCpuSecond`
 * are answers by the time that the server had the processor, which says the same on a machine that has other work.
 * Needs SALLYPORT_TEST_DATA, root, and the Debian packages unbound, dnsdist, dnsmasq-base and dnsperf.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { ALLOWED_NAMES, fileIn, resolvers, upstreamCommand, type Server } from './dns-servers.ts'
import { spread } from './spread.ts'
import { residentMb } from './resident-memory.ts'

const RUNS = Number(process.env['RUNS'] ?? 5)
/** Of the list; all unless given. */
const NAMES = Number(process.env['NAMES'] ?? Infinity)
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const LOADING_MS = 120_000
/** What was used only to load is given back by then. */
const SETTLING_MS = 3000

const data = process.env['SALLYPORT_TEST_DATA']
if (data === undefined) {
  console.log(JSON.stringify({ bench: 'dns', skipped: 'SALLYPORT_TEST_DATA is not set' }))
  process.exit(0)
}
// A label over 63 octets can be in no query; unbound refuses to start with one. An entry of one label is a mistake of the list,
// which Sallyport does not take: its name would be asked of an upstream that has no network, and dnsperf would wait for it.
const names = gunzipSync(readFileSync(join(data, 'feeds/malware-domains.txt.gz')))
  .toString()
  .split('\n')
  .filter((name) => name.includes('.') && name.split('.').every((label) => label.length < 64))
  .slice(0, NAMES)
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-dns-'))
const write = fileIn(folder)
const blocked = names.filter((_, at) => at % 23 === 0).flatMap((name) => [`www.${name} A`, `${name} AAAA`])
const cached = Array.from({ length: ALLOWED_NAMES }, (_, at) => `w${at}.bench-allowed.com A`)
const mixed = blocked.flatMap((line, at) => [line, cached[at % cached.length]!])
const MODES = { blocked: write('blocked', blocked), cached: write('cached', cached), mixed: write('mixed', mixed) }

/** Asks for a name of the upstream until an answer comes; milliseconds since the call. */
async function answers(port: number, child: ChildProcess): Promise<number> {
  const start = performance.now()
  const socket = createSocket('udp4').on('error', () => {})
  const labels = ['w0', 'bench-allowed', 'com'].flatMap((label) => [label.length, ...Buffer.from(label)])
  const query = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1)
  try {
    while (performance.now() - start < LOADING_MS && child.exitCode === null) {
      socket.send(query, port, '127.0.0.1')
      const answer = await once(socket, 'message', { signal: AbortSignal.timeout(20) }).catch(() => null)
      if (answer !== null) return Math.round(performance.now() - start)
    }
  } finally {
    socket.close()
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** Of all threads; a tick is 10 ms. */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

type Measured = { readonly rate: number; readonly perCpuSecond: number; readonly lost: number }

function measure({ port }: Server, child: ChildProcess, queries: string): Measured {
  const before = cpuSeconds(child)
  const load = ['-s', '127.0.0.1', '-p', String(port), '-d', queries, '-l', String(SECONDS), '-q', '200', '-c', '8']
  const { stdout } = spawnSync('taskset', ['-c', '1', 'dnsperf', ...load], { encoding: 'utf8' })
  const number = (label: string): number => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN)
  const perCpuSecond = Math.round(number('Queries completed') / (cpuSeconds(child) - before))
  return { rate: Math.round(number('Queries per second')), perCpuSecond, lost: number('Queries lost') }
}

type Started = { readonly child: ChildProcess; readonly loadMs: number; readonly memoryMb: number }

async function start({ port, command }: Server, list: readonly string[]): Promise<Started> {
  const [file = '', ...args] = command(list)
  const env = { ...process.env, SALLYPORT_STATE: join(folder, 'state') }
  const child = spawn('taskset', ['-c', '0', file, ...args], { stdio: ['ignore', 'ignore', 'inherit'], env })
  const loadMs = await answers(port, child)
  await sleep(SETTLING_MS)
  return { child, loadMs, memoryMb: residentMb(child.pid!) }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

const servers = resolvers(folder)
const running: { readonly server: Server; readonly facts: object; readonly child: ChildProcess }[] = []
const [upstreamFile = '', ...upstreamArgs] = upstreamCommand(folder)
const upstream = spawn(upstreamFile, upstreamArgs, { stdio: 'ignore' })
try {
  for (const server of servers) {
    const bare = await start(server, [])
    await end(bare.child)
    const first = await start(server, names)
    await end(first.child)
    const again = await start(server, names)
    const facts = { loadMs: first.loadMs, againMs: again.loadMs, memoryMb: again.memoryMb }
    const listMb = { first: first.memoryMb - bare.memoryMb, again: again.memoryMb - bare.memoryMb }
    running.push({ server, facts: { ...facts, listMb }, child: again.child })
  }
  // Twice: what is slow to ask for has to be in every cache.
  for (const { server, child } of [...running, ...running]) measure(server, child, MODES.cached)
  for (const [mode, queries] of Object.entries(MODES)) {
    const rows = Array.from({ length: RUNS }, () => running.map(({ server, child }) => measure(server, child, queries)))
    for (const [at, { server, facts, child }] of running.entries()) {
      const toBest = (what: 'rate' | 'perCpuSecond'): object =>
        spread(
          rows.map((row) => Number((row[at]![what] / Math.max(...row.slice(3).map((peer) => peer[what]))).toFixed(2))),
        )
      console.log(
        JSON.stringify({
          bench: `dns-${mode}`,
          names: names.length,
          server: server.name,
          ...facts,
          memoryAfterMb: residentMb(child.pid!),
          answersPerSecond: spread(rows.map((row) => row[at]!.rate)),
          toBestPeer: toBest('rate'),
          perCpuSecond: spread(rows.map((row) => row[at]!.perCpuSecond)),
          perCpuSecondToBestPeer: toBest('perCpuSecond'),
          lost: rows.reduce((sum, row) => sum + row[at]!.lost, 0),
        }),
      )
    }
  }
} finally {
  for (const { child } of running) await end(child)
  upstream.kill()
  rmSync(folder, { recursive: true, force: true })
}
