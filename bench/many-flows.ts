import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drainSpool, FlowSpool, FlowStore } from '@sallyport/store'
import { BusyNetwork } from './busy-network.ts'

/**
 * Many flows through the spool into a store in `DIRECTORY/flows`: `node bench/many-flows.ts DIRECTORY FLOWS`. Another process spools
 * the next million meanwhile. Stopped anywhere, the same command goes on.
 */
const STEP = 1_000_000
/** Of several hundred thousand flows: a batch of a host that does little else. */
const SEGMENT_BYTES = 2 ** 28
const START = Date.UTC(2026, 9, 1)
const [root, wanted, spooling] = process.argv.slice(2)
if (root === undefined || wanted === undefined) throw new Error('usage: node bench/many-flows.ts DIRECTORY FLOWS')
const all = Number(wanted)

/** Complete once it has its name. */
const spoolOf = (step: number): string => join(root, `spool-${step}`)

function spool(step: number): void {
  const directory = `${spoolOf(step)}.unfinished`
  rmSync(directory, { recursive: true, force: true })
  const network = new BusyNetwork(all, START)
  {
    using flows = FlowSpool.open({ directory, maxBytes: 2 ** 40, segmentBytes: SEGMENT_BYTES })
    for (let n = step * STEP; n < Math.min(all, (step + 1) * STEP); n++) flows.append(network.flow(n))
  }
  renameSync(directory, spoolOf(step))
}

async function spoolElsewhere(step: number): Promise<void> {
  if (step * STEP >= all || existsSync(spoolOf(step))) return
  const [code] = (await once(fork(import.meta.filename, [root!, wanted!, String(step)]), 'exit')) as [number | null]
  if (code !== 0) throw new Error(`spooling ended with ${String(code)}`)
}

async function store(directory: string): Promise<void> {
  mkdirSync(join(directory, 'flows'), { recursive: true })
  const progress = join(directory, 'stored-steps')
  using flows = await FlowStore.open(join(directory, 'flows'))
  let step = existsSync(progress) ? Number(readFileSync(progress, 'utf8')) : 0
  let next = spoolElsewhere(step)
  for (; step * STEP < all; step++) {
    await next
    next = spoolElsewhere(step + 1)
    const [begun, before] = [performance.now(), process.cpuUsage()]
    const { flows: stored } = await drainSpool(spoolOf(step), flows)
    const { user, system } = process.cpuUsage(before)
    const took = (performance.now() - begun) / 1000
    console.log(
      `${new Date().toISOString()} step ${step}: ${stored} stored, ${(stored / took / 1000).toFixed(0)} thousand a second, ${((user + system) / stored).toFixed(1)} µs of processors each`,
    )
    writeFileSync(progress, String(step + 1))
    rmSync(spoolOf(step), { recursive: true })
  }
}

await (spooling === undefined ? store(root) : spool(Number(spooling)))
