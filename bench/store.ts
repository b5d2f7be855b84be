import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeFlowRecord, type FlowRecord } from '@sallyport/flow'
import { drainSpool, FlowSpool, FlowStore, parseFilter } from '@sallyport/store'

/**
 * Flows through the spool into the store, and the console's questions over them. The peer of the spool is writing the same lines
 * to a file in the same buffers; the store has none on this machine, so its numbers stand alone.
 * `SALLYPORT_BENCH_FLOWS` says how many, a million unless given.
 */
const FLOWS = Number(process.env['SALLYPORT_BENCH_FLOWS'] ?? 1_000_000)
const ROUNDS = 5
const ROUND_FLOWS = 200_000
const START = Date.UTC(2026, 9, 1)

const verdict = {
  verdict: 'allow',
  rule: 'web',
  layer: 'org',
  mode: 'enforce',
  stage: 'connect',
  reason: 'rule',
  explain: 'allowed by rule web of org',
} as const

function record(n: number): FlowRecord {
  const name = `host-${(n * 7919) % 20_000}.site-${(n * 104_729) % 5_000}.example`
  return {
    time: new Date(START + n * 20).toISOString(),
    user: `user${n % 40}`,
    groups: ['staff'],
    app: `/usr/bin/app-${(n * 31) % 300}`,
    unit: 'user.slice',
    container: null,
    dst: `198.51.${(n >> 8) % 100}.${n % 256}`,
    port: n % 10 === 0 ? 80 : 443,
    transport: 'tcp',
    domain: null,
    boundNames: [name],
    protocol: null,
    country: ['DE', 'US', 'FR', 'NL'][n % 4]!,
    asn: 64_500 + (n % 500),
    verdict: n % 50 === 0 ? { ...verdict, verdict: 'deny', rule: null } : verdict,
  }
}

const seconds = (work: () => void): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}
const spread = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b)
  return `${sorted[Math.floor(sorted.length / 2)]!.toFixed(2)} (${sorted[0]!.toFixed(2)} to ${sorted.at(-1)!.toFixed(2)})`
}

function plainFile(path: string, from: number): void {
  const descriptor = openSync(path, 'ax')
  let lines: string[] = []
  let bytes = 0
  for (let n = from; n < from + ROUND_FLOWS; n++) {
    const line = encodeFlowRecord(record(n))
    lines.push(line)
    if ((bytes += line.length) < 65_536) continue
    writeSync(descriptor, lines.join(''))
    lines = []
    bytes = 0
  }
  writeSync(descriptor, lines.join(''))
  closeSync(descriptor)
}

const root = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
try {
  const ratios: number[] = []
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const plain = seconds(() => plainFile(join(root, `plain-${round}`), round * ROUND_FLOWS))
    const directory = join(root, `spool-${round}`)
    const spooled = seconds(() => {
      using spool = FlowSpool.open({ directory, maxBytes: 2 ** 31 })
      for (let n = 0; n < ROUND_FLOWS; n++) spool.append(record(round * ROUND_FLOWS + n))
    })
    ratios.push(plain / spooled)
    rates.push(ROUND_FLOWS / spooled / 1000)
    rmSync(join(root, `plain-${round}`))
    rmSync(directory, { recursive: true })
  }
  console.log(
    `spool: ${spread(rates)} thousand flows a second; ${spread(ratios)} × a plain file, without its checksums and fsync`,
  )

  const directory = join(root, 'spool')
  {
    using spool = FlowSpool.open({ directory, maxBytes: 2 ** 40 })
    for (let n = 0; n < FLOWS; n++) spool.append(record(n))
  }
  using store = await FlowStore.open(join(root, 'flows'))
  const start = performance.now()
  const { flows } = await drainSpool(directory, store)
  console.log(
    `store: ${(flows / ((performance.now() - start) / 1000) / 1000).toFixed(0)} thousand flows a second, ${flows} in all`,
  )
  const size = readdirSync(join(root, 'flows'), { recursive: true, encoding: 'utf8' }).reduce(
    (sum, path) => sum + (statSync(join(root, 'flows', path), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  console.log(`disk: ${(size / flows).toFixed(1)} bytes a flow, before ClickHouse has merged all parts`)
  const questions = {
    'newest 100': () => store.list([], { limit: 100 }),
    'newest 100 of a filter': () =>
      store.list(parseFilter(['verdict:deny domain:*.site-7.example'], START), { limit: 100 }),
    'busiest destinations': () => store.top('destination', [], 100),
    'busiest applications': () => store.top('app', [], 100),
    'groups of equal facts': () => store.factGroups(parseFilter(['user:user1'], START), false),
    'flows an hour': () => store.flowsByHour(0),
  }
  for (const [name, ask] of Object.entries(questions)) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const begun = performance.now()
      await ask()
      times.push((performance.now() - begun) / 1000)
    }
    console.log(`${name}: ${spread(times)} s`)
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
