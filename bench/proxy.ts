/**
 * Requests, tunnels and octets a second through the proxy, beside squid and tinyproxy in the same run, each on core 0 with one
 * process or worker; clients and servers, a process each, on core 1. With CORES=2 each has two workers (tinyproxy has threads) on two
 * cores, where two processes of clients and two of servers are, too, which leaves less to whoever needs more. One process of clients would
 * be the limit itself. `idleCores` is what nobody used: where it is not 0, a rate is that of whoever waits for whom, not of the
 * processors. Runs take turns, so that ratios hold when the machine's speed drifts. Then the memory of each with idle tunnels (HELD; 0: none).
 * KINDS: what is measured, with commas. SERVERS: who is, where that is not all of them; `recorded` is Sallyport with a flow for each
 * request, as it is unless told otherwise. Needs the Debian packages squid and tinyproxy.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { spread } from './spread.ts'

const RUNS = Number(process.env['RUNS'] ?? 3)
const SECONDS = Number(process.env['SECONDS'] ?? 2)
const HELD = Number(process.env['HELD'] ?? 5000)
const CORES = Number(process.env['CORES'] ?? 1)
const FIRST_PORT = 5430
const KINDS = (process.env['KINDS'] ?? 'requests,requests-anew,connects,octets').split(',')

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-proxy-'))
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}
const policy = file('policy.yaml', [
  'sallyport: 1\nname: bench\nrules:',
  '  - { id: bench, action: allow, to: [127.0.0.1] }',
])
const squid = file('squid.conf', [
  `http_port 127.0.0.1:${FIRST_PORT + 1}`,
  'http_access allow all\ncache deny all\ncache_mem 0\naccess_log none\ncache_log /dev/null\npid_filename none',
  `workers ${CORES}`,
  'shutdown_lifetime 0 seconds\nclient_db off\npconn_timeout 60 seconds\nforwarded_for delete\nmax_filedescriptors 65536',
])
const tinyproxy = file('tinyproxy.conf', [
  `Port ${FIRST_PORT + 2}\nListen 127.0.0.1\nTimeout 600\nMaxClients 20000\nLogLevel Critical\nAllow 127.0.0.1`,
])
const main = join(import.meta.dirname, '../packages/cli/src/main.ts')
const own = [
  'proxy',
  '--policy',
  policy,
  '--upstream',
  '127.0.0.1:9',
  '--workers',
  String(CORES),
  '--limit',
  'requestsPerSecond=1000000',
]
const ownCommand = (at: number, ...recording: readonly string[]): readonly string[] => [
  process.execPath,
  main,
  ...own,
  ...recording,
  '--listen',
  `127.0.0.1:${FIRST_PORT + at}`,
]
const all = [
  { name: 'sallyport', port: FIRST_PORT, isPeer: false, command: ownCommand(0, '--no-record') },
  {
    name: 'squid',
    port: FIRST_PORT + 1,
    isPeer: true,
    command: ['squid', CORES === 1 ? '-N' : '--foreground', '-f', squid],
  },
  { name: 'tinyproxy', port: FIRST_PORT + 2, isPeer: true, command: ['tinyproxy', '-d', '-c', tinyproxy] },
  { name: 'recorded', port: FIRST_PORT + 3, isPeer: false, command: ownCommand(3, '--record', join(folder, 'spool')) },
]
const wanted = process.env['SERVERS']?.split(',')
const servers = all.filter(({ name }) => wanted === undefined || wanted.includes(name))

async function ready(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    const socket = connect({ port, host: '127.0.0.1' })
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.on('error', () => {}).destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`nothing listens on port ${port}`)
}

type Measured = {
  readonly rate: number
  readonly p99Ms: number
  readonly failed: number
  /** Processor time of the proxy: seconds for a gigabyte, microseconds for a request. */
  readonly costs: number
  readonly share: number
  /** Of the cores: a rate is the proxy's own where nothing of them is left. */
  readonly idle: number
}
type Said = Pick<Measured, 'rate' | 'p99Ms' | 'failed'>
type Load = { readonly child: ChildProcess; readonly lines: AsyncIterator<string> }

const LOAD = join(import.meta.dirname, 'proxy-load.ts')
const LOAD_CORES = CORES === 1 ? '1' : '0,1'

function startLoad(...args: readonly (string | number)[]): Load {
  const command = ['-c', LOAD_CORES, process.execPath, LOAD, ...args.map(String)]
  const child = spawn('taskset', command, { stdio: ['pipe', 'pipe', 'ignore'] })
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() }
}

async function line({ lines }: Load): Promise<string> {
  return (await lines.next()).value as string
}

/** Clients are warm before any is measured; all are measured at the same time. */
async function measure(kind: string, port: number, pid: number, authorities: readonly string[]): Promise<Measured> {
  const connections = (kind === 'octets' ? 4 : 64) / authorities.length
  const loads = authorities.map((authority) => startLoad(kind, port, authority, connections, SECONDS))
  await Promise.all(loads.map(line))
  const [start, busyBefore, idleBefore] = [performance.now(), processorSeconds(pid), idleSeconds()]
  for (const { child } of loads) child.stdin!.write('go\n')
  const said = (await Promise.all(loads.map(line))).map((text) => JSON.parse(text) as Said)
  const [elapsed, busy] = [(performance.now() - start) / 1000, processorSeconds(pid) - busyBefore]
  const rate = said.reduce((sum, each) => sum + each.rate, 0)
  return {
    rate: Math.round(rate),
    p99Ms: Number(Math.max(...said.map(({ p99Ms }) => p99Ms)).toFixed(1)),
    failed: said.reduce((sum, { failed }) => sum + failed, 0),
    costs: (busy / elapsed / rate) * (kind === 'octets' ? 1e3 : 1e6),
    share: busy / elapsed,
    idle: (idleSeconds() - idleBefore) / elapsed,
  }
}

/** Of a process and its children, in the kernel and outside of it. */
function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number) as [number, number]
  return childrenOf(pid).reduce((sum, child) => sum + processorSeconds(child), (user + system) / 100)
}

/** Of cores 0 and 1. */
function idleSeconds(): number {
  const lines = readFileSync('/proc/stat', 'latin1').matchAll(/^cpu[01] (?:\d+ ){3}(\d+)/gm)
  return [...lines].reduce((sum, [, idle]) => sum + Number(idle) / 100, 0)
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}

/** Resident memory of a process and its children, in MB. */
function memoryMb(pid: number): number {
  const own = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000
  return Math.round(childrenOf(pid).reduce((sum, child) => sum + memoryMb(child), own))
}

async function held(port: number, pid: number, authority: string): Promise<object> {
  const before = memoryMb(pid)
  const load = startLoad('hold', port, authority, HELD)
  const answer = await Promise.race([line(load), new Promise((resolve) => setTimeout(resolve, 60_000, null))])
  const after = memoryMb(pid)
  load.child.kill('SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 500))
  return {
    tunnels: HELD,
    isHeld: answer !== null,
    beforeMb: before,
    afterMb: after,
    kbEach: Math.round(((after - before) * 1000) / HELD),
  }
}

const children: ChildProcess[] = []
try {
  for (const { command, port } of servers) {
    const child = spawn('taskset', ['-c', CORES === 1 ? '0' : '0,1', ...command], { stdio: 'ignore' })
    children.push(child)
    await ready(port, child)
  }
  const authorities: string[] = []
  for (let index = 0; index < CORES; index++) {
    const load = startLoad('serve')
    children.push(load.child)
    authorities.push(await line(load))
  }
  for (const kind of KINDS) {
    const rows: Measured[][] = []
    for (let run = 0; run < RUNS; run++) {
      const row: Measured[] = []
      for (const [at, { port }] of servers.entries())
        row.push(await measure(kind, port, children[at]!.pid!, authorities))
      rows.push(row)
    }
    const peers = rows.map((row) => row.filter((_, at) => servers[at]!.isPeer))
    const leastCosts = peers.map((row) => Math.min(...row.map(({ costs }) => costs)))
    const best = peers.map((row) => Math.max(...row.map(({ rate }) => rate)))
    for (const [at, { name }] of servers.entries()) {
      const own = rows.map((row) => row[at]!)
      console.log(
        JSON.stringify({
          bench: `proxy-${kind}`,
          server: name,
          [kind === 'octets' ? 'megabytesPerSecond' : 'perSecond']: spread(own.map(({ rate }) => rate)),
          p99Ms: spread(own.map(({ p99Ms }) => p99Ms)).median,
          failed: own.reduce((sum, { failed }) => sum + failed, 0),
          [kind === 'octets' ? 'processorSecondsPerGigabyte' : 'processorMicrosecondsEach']: spread(
            own.map(({ costs }) => Number(costs.toFixed(2))),
          ),
          processorShare: spread(own.map(({ share }) => Number(share.toFixed(2)))),
          idleCores: spread(own.map(({ idle }) => Number(idle.toFixed(2)))),
          costsToBestPeer: spread(own.map(({ costs }, run) => Number((costs / leastCosts[run]!).toFixed(2)))),
          toBestPeer: spread(own.map(({ rate }, run) => Number((rate / best[run]!).toFixed(2)))),
        }),
      )
    }
  }
  for (const [at, { name, port }] of HELD === 0 ? [] : servers.entries()) {
    console.log(
      JSON.stringify({
        bench: 'proxy-idle-tunnels',
        server: name,
        ...(await held(port, children[at]!.pid!, authorities[0]!)),
      }),
    )
  }
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
