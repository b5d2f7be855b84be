import { readFileSync, readlinkSync } from 'node:fs'

/**
 * A process as a text that names no other: a pid alone is used again after the process ended, after a restart of the
 * machine, and in every other process namespace.
 */
export type WriterIdentity = {
  readonly boot: string
  readonly pidNamespace: string
  readonly pid: number
  /** Clock ticks after the start of the machine. */
  readonly startTicks: string
}

export function ownIdentity(): WriterIdentity {
  return { ...ownPlace(), pid: process.pid, startTicks: startTicks(process.pid) ?? '0' }
}

/** `unknown` for a process that cannot be looked at from here. */
export function writerState({
  boot,
  pidNamespace,
  pid,
  startTicks: ticks,
}: WriterIdentity): 'lives' | 'ended' | 'unknown' {
  const here = ownPlace()
  if (boot !== here.boot) return 'ended'
  if (pidNamespace !== here.pidNamespace) return 'unknown'
  return startTicks(pid) === ticks ? 'lives' : 'ended'
}

function ownPlace(): Pick<WriterIdentity, 'boot' | 'pidNamespace'> {
  const boot = readText('/proc/sys/kernel/random/boot_id').replace(/[^0-9a-f]/g, '')
  return { boot: boot.slice(0, 12) || '0', pidNamespace: /\d+/.exec(readLink('/proc/self/ns/pid'))?.[0] ?? '0' }
}

/** Field 22 of /proc/PID/stat; the command name before it may hold spaces and parentheses. */
function startTicks(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
