import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../packages/kernel/test/eventually.ts'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const RATE = 50_000
const SECONDS = 20

/** As many flows as this machine decides, up to fifty thousand a second. */
export async function flood(): Promise<Outcome> {
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299'])
  await host.start()
  await host.deskPid()
  const faults: string[] = []
  const load = await underLoad(host, RATE, async () => {
    await sleep((SECONDS * 1000) / 2)
    faults.push(...(await host.faults()))
    await sleep((SECONDS * 1000) / 2)
  })
  faults.push(...(await host.faults()))
  await eventually(async () => {
    const { stored, dropped } = await host.recorded()
    return stored + Object.values(dropped).reduce((sum, count) => sum + count, 0) >= load.tried
  }, 'all is stored or counted')
  await host.end('SIGTERM')
  return { ...load, ...(await host.recorded()), faults, mostLost: 0 }
}
