import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { startTicks } from '../start-ticks.ts'

/** What a process runs. */
export type ProcessProgram = {
  readonly pid: number
  readonly startTicks: string
  /** The real user: whoever starts a setuid program answers for what it does. */
  readonly uid: number
  /** Device and inode of its executable. */
  readonly file: string
  /** Null when another file has that path here: a mount namespace can give a program any name. */
  readonly path: string | null
  /** The innermost unit of systemd whose cgroup it is in; null when it is in none. */
  readonly unit: string | null
}

const UNIT = /\.(service|scope|slice|socket|mount|swap)$/

/** Null when the process is gone, or may not be looked into. */
export function readProgram(pid: number): ProcessProgram | null {
  const ticks = startTicks(pid)
  try {
    const link = `/proc/${pid}/exe`
    const path = readlinkSync(link)
    const file = fileKey(link)
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    const uid = /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    const cgroup = /^0::(.*)$/m.exec(groups)?.[1] ?? ''
    const unit = cgroup.split('/').findLast((part) => UNIT.test(part)) ?? null
    return ticks === null || uid === undefined
      ? null
      : { pid, startTicks: ticks, uid: Number(uid), file, path: fileKeyOrNull(path) === file ? path : null, unit }
  } catch {
    return null
  }
}

function fileKey(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true })
  return `${dev}:${ino}`
}

function fileKeyOrNull(path: string): string | null {
  try {
    return fileKey(path)
  } catch {
    return null
  }
}
