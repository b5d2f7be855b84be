import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findCgroupMount } from '@sallyport/kernel'
import { RESOLVER, startSallyport } from './guarded-network.ts'
import type { Lab } from './open-lab.ts'

export type Endpoint = AsyncDisposable & {
  /** The guard itself. */
  readonly pid: number
  /** What starts a command that is guarded. */
  readonly prefix: readonly string[]
}

const ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"'

let serial = 0

/** `sallyport up` on the client, for a cgroup of its own, when its policy is in force. */
export async function startEndpoint(lab: Lab, args: readonly string[], timeoutMs?: number): Promise<Endpoint> {
  const cgroup = join(findCgroupMount(), `sallyport-lab-${process.pid}-${++serial}`)
  mkdirSync(cgroup)
  const up = ['up', '--cgroup', cgroup, '--upstream', RESOLVER, '--no-console', '--json', ...args]
  const agent = startSallyport(lab, 'client', up, timeoutMs)
  const end = async (): Promise<void> => {
    agent.child.kill('SIGTERM')
    await agent.ended
    await removeWhenEmpty(cgroup)
  }
  try {
    await agent.says('"ready"')
  } catch (error) {
    await end()
    throw error
  }
  return { pid: agent.child.pid!, prefix: ['sh', '-c', ENTER, cgroup], [Symbol.asyncDispose]: end }
}

/** Those that were killed leave it a moment later. */
async function removeWhenEmpty(cgroup: string): Promise<void> {
  for (let turn = 0; ; turn++)
    try {
      return rmdirSync(cgroup)
    } catch (error) {
      if (turn === 100) throw error
      await sleep(50)
    }
}
