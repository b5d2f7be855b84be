import { setTimeout as sleep } from 'node:timers/promises'
import { GuardedHost } from '../guarded-host.ts'
import type { Outcome } from './scene.ts'
import { underLoad } from './under-load.ts'

const ROUNDS = 30
const RATE = 1000
const LONGEST_PAUSE_MS = 2000
const VICTIMS = ['guard', 'desk', 'guard and desk', 'guard, by SIGHUP'] as const
/** What a process reads at once, and what came while it did, on a machine that is busy. */
const IN_HAND = 500

/** Each at a random point of its life, starting included. */
export async function killProcesses(seed: number): Promise<Outcome> {
  await using host = await GuardedHost.open(['--listen', '127.0.0.1:7299'])
  await host.start()
  const killed: Record<string, number> = {}
  const faults: string[] = []
  let state = seed + 1
  // Park and Miller.
  const chance = (): number => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff
  const load = await underLoad(host, RATE, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(chance() * LONGEST_PAUSE_MS)
      const victim = VICTIMS[Math.floor(chance() * VICTIMS.length)]!
      killed[victim] = (killed[victim] ?? 0) + 1
      if (victim.endsWith('desk')) process.kill(await host.deskPid(), 'SIGKILL')
      if (victim.startsWith('guard')) await host.end(victim.endsWith('HUP') ? 'SIGHUP' : 'SIGKILL')
      if (await host.reachesDenied()) faults.push(`something denied is reached: ${victim}`)
      if (!host.isRunning) await host.start()
      faults.push(...(await host.faults()))
    }
  })
  await host.end('SIGTERM')
  const guards = (killed['guard'] ?? 0) + (killed['guard and desk'] ?? 0)
  return { ...load, ...(await host.recorded()), faults, mostLost: guards * IN_HAND, killed }
}
