import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  findCgroupMount,
  listCgroup,
  PIN_ROOT,
  removeCgroup,
  removeHandshakeRules,
  removePinned,
  startTicks,
} from '@sallyport/kernel'

const PREFIX = 'run-'
/** Others may keep cgroups beside ours: only names of this form are ours to remove. */
const RUN = /^run-(\d+-\d+-\d+)$/

/** Names a run by its process and that process's start time: a pid alone is used again, and means nothing outside its namespace. */
export function ownRunId(): string {
  return `${process.pid}-${startTicks(process.pid)}-${pidNamespace()}`
}

/** What tells the rules of a run from those of others: names of chains are too short for the whole id. */
export function rulesOfRun(id: string): string {
  return `${PREFIX}${pidOf(id)}`
}

const pidOf = (id: string): string => id.slice(0, id.indexOf('-'))

/**
 * Removes what runs left behind whose Sallyport was killed. A run whose command still lives stays guarded: it is told
 * about, not touched.
 */
export async function removeStaleRuns(onWarning: (text: string) => void): Promise<void> {
  const parent = join(findCgroupMount(), 'sallyport')
  const { living = [], stale = [] } = Object.groupBy(new Set([...runIds(parent), ...runIds(PIN_ROOT)]), (id) =>
    ownerLives(id) ? 'living' : 'stale',
  )
  const pidsInUse = new Set(living.map(pidOf))
  for (const id of stale) {
    const cgroup = join(parent, `${PREFIX}${id}`)
    const processes = listCgroup(cgroup)
    if (processes.length > 0) {
      onWarning(
        `a killed run left ${processes.length} processes, still guarded; to end them: echo 1 > ${join(cgroup, 'cgroup.kill')}`,
      )
      continue
    }
    await removeCgroup(cgroup)
    if (!pidsInUse.has(pidOf(id))) removeHandshakeRules(rulesOfRun(id))
    removePinned(join(PIN_ROOT, `${PREFIX}${id}`))
  }
}

/** The directories that hold runs, when no run is in them: whoever runs next makes them again. */
export function removeEmptyParents(): void {
  for (const directory of [join(findCgroupMount(), 'sallyport'), PIN_ROOT]) {
    try {
      rmdirSync(directory)
    } catch {
      // In use by another run, or never made.
    }
  }
}

function runIds(directory: string): readonly string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory).flatMap((name) => RUN.exec(name)?.[1] ?? [])
}

/** Whether a run of another container lives cannot be seen from here, so it counts as alive. */
function ownerLives(id: string): boolean {
  const [pid, ticks, namespace] = id.split('-')
  return namespace !== pidNamespace() || startTicks(Number(pid)) === ticks
}

function pidNamespace(): string {
  return statSync('/proc/self/ns/pid').ino.toString()
}
