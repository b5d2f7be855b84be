import { readFileSync } from 'node:fs'

/** When a process began, in clock ticks since boot: with its pid it names the process for good. `null` when it is not there. */
export function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 22; the command name before it may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
