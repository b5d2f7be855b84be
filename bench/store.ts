import { appendFileSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeFlowRecord, type FlowRecord } from '@sallyport/flow'
import { drainSpool, FlowSpool, FlowStore } from '@sallyport/store'
import { flowRecord } from './flow-records.ts'
import { openEmbedded } from '../packages/store/src/engine/open-embedded.ts'
import { spreadText } from './spread.ts'

/**
 * Flows through the spool into the store. The peer of the spool is writing the same lines to a file in the same buffers, that of the store is
 * ClickHouse reading the same lines from a file by itself. `SALLYPORT_BENCH_FLOWS` says how many, two million unless given. Questions over
 * many more flows: `many-flows.ts`, `store-questions.ts`.
 */
const FLOWS = Number(process.env['SALLYPORT_BENCH_FLOWS'] ?? 2_000_000)
const ROUNDS = 5
const ROUND_FLOWS = 200_000
const START = Date.UTC(2026, 9, 1)

const record = (n: number): FlowRecord => flowRecord(n, START, 20)

const seconds = (work: () => void): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
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

function size(path: string): number {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, each) => sum + (statSync(join(path, each), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

/** Seconds. */
async function plainClickHouse(lines: string): Promise<number> {
  const engine = openEmbedded()
  try {
    const columns =
      'time DateTime64(3), user LowCardinality(String), app LowCardinality(String), unit LowCardinality(String), ' +
      'dst String, port UInt16, transport LowCardinality(String), boundNames Array(LowCardinality(String)), ' +
      'country LowCardinality(String), asn UInt32, verdict String'
    await engine.define(`CREATE TABLE plain (${columns}) ENGINE = MergeTree ORDER BY time`)
    const begun = performance.now()
    await engine.fill(
      `INSERT INTO plain SELECT * FROM file('${lines}', 'JSONEachRow', '${columns}') SETTINGS date_time_input_format = 'best_effort'`,
    )
    return (performance.now() - begun) / 1000
  } finally {
    engine[Symbol.dispose]()
  }
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
    `spool: ${spreadText(rates, 2)} thousand flows a second; ${spreadText(ratios, 2)} × a plain file, without its checksums and fsync`,
  )

  const directory = join(root, 'spool')
  {
    using spool = FlowSpool.open({ directory, maxBytes: 2 ** 40 })
    for (let n = 0; n < FLOWS; n++) spool.append(record(n))
  }
  {
    using store = await FlowStore.open(join(root, 'flows'))
    const before = process.cpuUsage()
    const start = performance.now()
    const { flows } = await drainSpool(directory, store)
    const took = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(before)
    console.log(
      `store: ${(flows / took / 1000).toFixed(0)} thousand flows a second, ${flows} in all, ${((user + system) / flows).toFixed(1)} µs of processors a flow`,
    )
  }
  console.log(
    `disk: ${(size(join(root, 'flows')) / FLOWS).toFixed(1)} bytes a flow, before ClickHouse has merged all parts`,
  )
  const lines = join(root, 'flows.jsonl')
  for (let n = 0; n < FLOWS; n += 10_000) {
    const chunk = Array.from({ length: Math.min(10_000, FLOWS - n) }, (_, index) => encodeFlowRecord(record(n + index)))
    appendFileSync(lines, chunk.join(''))
  }
  const plain = await plainClickHouse(lines)
  console.log(
    `peer: ${(FLOWS / plain / 1000).toFixed(0)} thousand a second for ClickHouse by itself, the same lines from one file into one table without facts, roll-ups, fsync, batches`,
  )
} finally {
  rmSync(root, { recursive: true, force: true })
}
