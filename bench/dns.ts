/**
 * Answers a second with a blocklist of a million names, beside unbound, dnsdist and dnsmasq with the same list: refusals
 * (every 23rd name of the list, each below its entry, once A and once AAAA), answers from the cache (2,000 names), and both
 * in turn. Servers share core 0 and are asked one after another by dnsperf on core 1, every run in turn, so that ratios hold
 * when the machine's speed drifts. What is not refused all of them ask of one unbound.
 * Needs SALLYPORT_TEST_DATA and the Debian packages unbound, dnsdist, dnsmasq-base and dnsperf.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const RUNS = Number(process.env['RUNS'] ?? 5)
const SECONDS = Number(process.env['SECONDS'] ?? 3)
const FIRST_PORT = 5410
const UPSTREAM_PORT = FIRST_PORT + 9
const LOADING_MS = 120_000

const data = process.env['SALLYPORT_TEST_DATA']
if (data === undefined) {
  console.log(JSON.stringify({ bench: 'dns', skipped: 'SALLYPORT_TEST_DATA is not set' }))
  process.exit(0)
}
const list = join(data, 'feeds/malware-domains.txt.gz')
// A label over 63 octets can be in no query; unbound refuses to start with one.
const names = gunzipSync(readFileSync(list))
  .toString()
  .split('\n')
  .filter((name) => name !== '' && name.split('.').every((label) => label.length < 64))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-dns-'))
const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name)
  writeFileSync(path, lines.join('\n') + '\n')
  return path
}
const asked = names.filter((_, at) => at % 23 === 0)
const blocked = asked.flatMap((name) => [`www.${name} A`, `${name} AAAA`])
const cached = Array.from({ length: 2000 }, (_, at) => `w${at}.bench-allowed.com A`)
const MODES: Readonly<Record<string, string>> = {
  blocked: file('blocked', blocked),
  cached: file('cached', cached),
  mixed: file(
    'mixed',
    blocked.flatMap((line, at) => [line, cached[at % cached.length]!]),
  ),
}

type Server = { readonly name: string; readonly port: number; readonly command: readonly string[] }

const node = (kind: string, port: number): readonly string[] => [
  process.execPath,
  '--expose-gc',
  join(import.meta.dirname, 'dns-server.ts'),
  list,
  String(port),
  kind,
  String(UPSTREAM_PORT),
]
const servers: readonly Server[] = [
  { name: 'sallyport', port: FIRST_PORT, command: node('hot', FIRST_PORT) },
  { name: 'sallyport without its hot path', port: FIRST_PORT + 1, command: node('plain', FIRST_PORT + 1) },
  { name: 'unbound', port: FIRST_PORT + 2, command: ['unbound', '-d', '-c', unboundFile(FIRST_PORT + 2)] },
  {
    name: 'dnsdist',
    port: FIRST_PORT + 3,
    command: ['dnsdist', '--supervised', '--disable-syslog', '-C', dnsdistFile(FIRST_PORT + 3)],
  },
  { name: 'dnsmasq', port: FIRST_PORT + 4, command: ['dnsmasq', '-k', '-C', dnsmasqFile(FIRST_PORT + 4)] },
]

function unboundFile(port: number): string {
  return file('unbound.conf', [
    'server:',
    ` interface: 127.0.0.1\n port: ${port}\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""`,
    ` directory: "${folder}"\n num-threads: 1\n use-syslog: no\n so-rcvbuf: 4m\n do-tcp: no`,
    ' module-config: "iterator"\n do-not-query-localhost: no',
    ...names.map((name) => ` local-zone: "${name}." always_refuse`),
    `forward-zone:\n name: "."\n forward-addr: 127.0.0.1@${UPSTREAM_PORT}`,
  ])
}

function upstreamFile(): string {
  return file('upstream.conf', [
    'server:',
    ` interface: 127.0.0.1\n port: ${UPSTREAM_PORT}\n do-daemonize: no\n username: ""\n chroot: ""\n pidfile: ""`,
    ` directory: "${folder}"\n num-threads: 1\n use-syslog: no`,
    ' local-zone: "bench-allowed.com." redirect',
    ' local-data: "bench-allowed.com. 3600 IN A 192.0.2.1"',
  ])
}

function dnsdistFile(port: number): string {
  const blocked = file('dnsdist.names', names)
  return file('dnsdist.lua', [
    `setLocal("127.0.0.1:${port}")`,
    `newServer({address="127.0.0.1:${UPSTREAM_PORT}"}):setUp()`,
    'getPool(""):setCache(newPacketCache(100000))',
    'local blocked = newSuffixMatchNode()',
    `for line in io.lines("${blocked}") do blocked:add(newDNSName(line)) end`,
    'addAction(SuffixMatchNodeRule(blocked), RCodeAction(DNSRCode.REFUSED))',
  ])
}

function dnsmasqFile(port: number): string {
  return file('dnsmasq.conf', [
    `port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nuser=root\npid-file`,
    `server=127.0.0.1#${UPSTREAM_PORT}\ncache-size=10000`,
    ...names.map((name) => `local=/${name}/`),
  ])
}

/** Asks for a name of the list until an answer comes; milliseconds since the start of the process. */
async function loaded(port: number, child: ChildProcess): Promise<number> {
  const start = performance.now()
  const socket = createSocket('udp4').on('error', () => {})
  const labels = names[0]!.split('.').flatMap((label) => [label.length, ...Buffer.from(label)])
  const query = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1)
  try {
    while (performance.now() - start < LOADING_MS && child.exitCode === null) {
      socket.send(query, port, '127.0.0.1')
      const answer = await once(socket, 'message', { signal: AbortSignal.timeout(100) }).catch(() => null)
      if (answer !== null) return Math.round(performance.now() - start)
    }
  } finally {
    socket.close()
  }
  throw new Error(`nothing answers on port ${port}`)
}

function memoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000)
}

function answersPerSecond(port: number, queries: string): { readonly rate: number; readonly lost: number } {
  const load = ['-s', '127.0.0.1', '-p', String(port), '-d', queries, '-l', String(SECONDS), '-q', '200', '-c', '8']
  const { stdout } = spawnSync('taskset', ['-c', '1', 'dnsperf', ...load], { encoding: 'utf8' })
  const number = (label: string): number => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN)
  return { rate: Math.round(number('Queries per second')), lost: number('Queries lost') }
}

const spread = (values: readonly number[]): { min: number; median: number; max: number } => {
  const sorted = values.toSorted((a, b) => a - b)
  return { min: sorted[0]!, median: sorted[sorted.length >> 1]!, max: sorted.at(-1)! }
}

const children: ChildProcess[] = []
const upstream = spawn('unbound', ['-d', '-c', upstreamFile()], { stdio: ['ignore', 'ignore', 'inherit'] })
try {
  const started = new Map<string, { readonly loadMs: number; readonly memoryMb: number }>()
  for (const { name, port, command } of servers) {
    const child = spawn('taskset', ['-c', '0', ...command], { stdio: ['ignore', 'ignore', 'inherit'] })
    children.push(child)
    started.set(name, { loadMs: await loaded(port, child), memoryMb: memoryMb(child.pid!) })
  }
  // Twice: what is slow to ask for has to be in every cache.
  for (const { port } of [...servers, ...servers]) answersPerSecond(port, MODES['cached']!)
  for (const [mode, queries] of Object.entries(MODES)) {
    const rows = Array.from({ length: RUNS }, () => servers.map(({ port }) => answersPerSecond(port, queries)))
    const best = rows.map((row) => Math.max(...row.slice(2).map(({ rate }) => rate)))
    for (const [at, { name }] of servers.entries()) {
      console.log(
        JSON.stringify({
          bench: `dns-${mode}`,
          names: names.length,
          server: name,
          ...started.get(name),
          memoryAfterMb: memoryMb(children[at]!.pid!),
          answersPerSecond: spread(rows.map((row) => row[at]!.rate)),
          lost: rows.reduce((sum, row) => sum + row[at]!.lost, 0),
          toBestPeer: spread(rows.map((row, run) => Number((row[at]!.rate / best[run]!).toFixed(2)))),
        }),
      )
    }
  }
} finally {
  for (const child of [...children, upstream]) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
