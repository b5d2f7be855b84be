import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PIN_ROOT, removePinned, startTicks } from '@sallyport/kernel'

const NAMES = '/run/netns'
const PREFIX = 'splab'
/** splab-PID-START-HOST: a pid alone is used again. */
const OURS = /^splab-(\d+)-(\d+)-/

/** Of this test process: whoever finds the name later can tell whether its owner lives. */
export function namespaceName(host: string, serial: number): string {
  return `${PREFIX}-${process.pid}-${startTicks(process.pid)}-${serial}-${host}`
}

/** What a killed test left: namespaces with the processes and the pinned programs in them. */
export function removeStaleNamespaces(): void {
  if (!existsSync(NAMES)) return
  for (const name of readdirSync(NAMES)) {
    const [, pid, ticks] = OURS.exec(name) ?? []
    if (pid !== undefined && startTicks(Number(pid)) !== ticks) removeNamespace(name)
  }
}

export function removeNamespace(name: string): void {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' })
  for (const pid of stdout.split('\n').filter(Boolean)) kill(Number(pid))
  const { ino } = statSync(join(NAMES, name))
  if (existsSync(PIN_ROOT))
    for (const pins of readdirSync(PIN_ROOT).filter((each) => each.startsWith(`gateway-${ino}-`)))
      removePinned(join(PIN_ROOT, pins))
  execFileSync('ip', ['netns', 'del', name])
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
