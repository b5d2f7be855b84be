import { execFileSync } from 'node:child_process'
import { mkdtempDisposableSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../../packages/kernel/test/eventually.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const SOURCE = fileURLToPath(new URL('./rush.c', import.meta.url))
const RATE = 60_000
const SECONDS = 31
const TICKS_A_SECOND = 100

/** More new flows a second than can be recorded, half of them allowed: these have an end too. */
export async function rush(): Promise<Outcome> {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'sallyport-rush-'))
  const program = join(directory.path, 'rush')
  execFileSync('clang', ['-O2', '-Wall', '-Werror', '-o', program, SOURCE])
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299'])
  await host.start()
  const pids = [(await host.status()).pid, await host.deskPid()]
  const faults: string[] = []
  let processorSeconds: readonly number[] = []
  const watch = async (): Promise<void> => {
    const before = pids.map(secondsOf)
    for (const end = performance.now() + SECONDS * 1000; performance.now() < end; await sleep(1000))
      faults.push(...(await host.faults()))
    processorSeconds = pids.map((pid, index) => secondsOf(pid) - before[index]!)
  }
  const load = await underLoad(host, RATE, watch, [program])
  faults.push(...(await host.faults()))
  if (load.refused !== 0) faults.push(`${load.refused} allowed flows were refused`)
  await eventually(async () => {
    const { stored, dropped } = await lostFlows(host)
    return stored + Object.values(dropped).reduce((sum, count) => sum + count, 0) >= load.tried
  }, 'all is stored or counted')
  const { kernel } = await host.status()
  await host.end('SIGTERM')
  const [guard, desk] = processorSeconds
  return { ...load, ...(await lostFlows(host)), processorSeconds: { guard, desk }, kernel, faults, mostLost: 0 }
}

/** A flow whose end alone was lost is stored. */
async function lostFlows(host: GuardedHost): Promise<Pick<Outcome, 'stored' | 'dropped' | 'endsLost'>> {
  const { stored, dropped } = await host.recorded()
  const { 'kernel-ends': endsLost, ...flows } = dropped
  return { stored, dropped: flows, endsLost }
}

function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}
