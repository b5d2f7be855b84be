import { execFileSync, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Throws when the process ends before it listens. `prefix` enters the network namespace that it does so in. */
export async function untilListening(port: number, child: ChildProcess, prefix: readonly string[] = []): Promise<void> {
  const [command, ...args] = [...prefix, 'ss', '-Hltn', `sport = :${port}`]
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null || child.signalCode !== null) break
    if (execFileSync(command!, args).length > 0) return
    await sleep(100)
  }
  throw new Error(`${child.spawnfile} does not listen on ${port}`)
}
