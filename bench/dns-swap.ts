/**
 * A list of a million names is replaced ten times by another one, with SIGHUP, while dnsperf asks at a steady rate: how long
 * answers take then and otherwise, how many are lost, and what memory is resident after each. unbound reads its whole
 * configuration again. Servers share core 0, one at a time; dnsperf has core 1.
 * Needs SALLYPORT_TEST_DATA and the Debian packages unbound and dnsperf.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { ALLOWED_NAMES, fileIn, resolvers, upstreamCommand, type Server } from './dns-servers.ts'
import { residentMb } from './resident-memory.ts'

const SWAPS = Number(process.env['SWAPS'] ?? 10)
const SWAP_SECONDS = Number(process.env['SECONDS'] ?? 4)
const RATE = Number(process.env['RATE'] ?? 10_000)
const LOADING_MS = 120_000
/** What each of them writes when a list is in force. */
const LOADED = /answering on|read again|start of service/
/** What was used only to load is given back by then. */
const SETTLING_MS = 1000
/** dnsperf says of a query that was lost so long after it. */
const LOST_SECONDS = 2

const data = process.env['SALLYPORT_TEST_DATA']
if (data === undefined) {
  console.log(JSON.stringify({ bench: 'dns-swap', skipped: 'SALLYPORT_TEST_DATA is not set' }))
  process.exit(0)
}
const names = gunzipSync(readFileSync(join(data, 'feeds/malware-domains.txt.gz')))
  .toString()
  .split('\n')
  .filter((name) => name !== '' && name.split('.').every((label) => label.length < 64))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-swap-'))
const queries = fileIn(folder)(
  'mixed',
  names
    .filter((_, at) => at % 23 === 0)
    .flatMap((name, at) => [`www.${name} A`, `w${at % ALLOWED_NAMES}.bench-allowed.com A`]),
)

/** Waits for the server to say that the next list is in force. */
class LoadedLines {
  #seen = 0
  #awaited = 0

  constructor(output: Readable) {
    createInterface({ input: output }).on('line', (line) => {
      if (LOADED.test(line)) this.#seen++
    })
  }

  async next(): Promise<void> {
    this.#awaited++
    const untilMs = performance.now() + LOADING_MS
    while (this.#seen < this.#awaited && performance.now() < untilMs) await sleep(50)
    if (this.#seen < this.#awaited) throw new Error('the list is not in force')
  }
}

type Asked = { readonly microseconds: readonly number[]; readonly lost: number }

async function ask(port: number, seconds: number): Promise<Asked> {
  const load = ['-s', '127.0.0.1', '-p', String(port), '-d', queries, '-l', String(seconds), '-Q', String(RATE)]
  const rest = ['-t', String(LOST_SECONDS), '-q', '65000', '-c', '4', '-v', '-W']
  const child = spawn('taskset', ['-c', '1', 'dnsperf', ...load, ...rest], { stdio: ['ignore', 'pipe', 'ignore'] })
  const microseconds: number[] = []
  let lost = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = /^> \S+ \S+ \S+ ([\d.]+)/.exec(line)
    if (answer !== null) microseconds.push(Number(answer[1]) * 1e6)
    lost += Number(/Queries lost:\s+(\d+)/.exec(line)?.[1] ?? 0)
  }
  return { microseconds: microseconds.sort((a, b) => a - b), lost }
}

function told({ microseconds, lost }: Asked): object {
  const at = (part: number): number => Math.round(microseconds[Math.floor((microseconds.length - 1) * part)] ?? NaN)
  return { answers: microseconds.length, lost, p50Us: at(0.5), p99Us: at(0.99), p999Us: at(0.999), maxUs: at(1) }
}

async function swapped(server: Server): Promise<object> {
  const [file = '', ...args] = server.command(names)
  const env = { ...process.env, SALLYPORT_STATE: join(folder, 'state') }
  const child = spawn('taskset', ['-c', '0', file, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env })
  const loads = new LoadedLines(child.stderr)
  try {
    await loads.next()
    await ask(server.port, 1)
    const steady = told(await ask(server.port, SWAP_SECONDS))
    const memory = [residentMb(child.pid!)]
    const all: Asked[] = []
    for (let swap = 1; swap <= SWAPS; swap++) {
      server.command(names.slice(swap))
      const asked = ask(server.port, SWAP_SECONDS)
      await sleep(500)
      child.kill('SIGHUP')
      all.push(await asked)
      await loads.next()
      await sleep(SETTLING_MS)
      memory.push(residentMb(child.pid!))
    }
    const microseconds = all.flatMap((each) => each.microseconds).sort((a, b) => a - b)
    const during = told({ microseconds, lost: all.reduce((sum, { lost }) => sum + lost, 0) })
    return { bench: 'dns-swap', server: server.name, names: names.length, steady, during, memoryMb: memory }
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

const [upstreamFile = '', ...upstreamArgs] = upstreamCommand(folder)
const upstream = spawn(upstreamFile, upstreamArgs, { stdio: 'ignore' })
try {
  for (const server of resolvers(folder).filter(({ name }) => ['sallyport dns', 'unbound'].includes(name))) {
    console.log(JSON.stringify(await swapped(server)))
  }
} finally {
  upstream.kill()
  rmSync(folder, { recursive: true, force: true })
}
