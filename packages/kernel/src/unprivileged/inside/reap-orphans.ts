import { readFileSync } from 'node:fs'
import { waitpid } from './libc.ts'

const WNOHANG = 1

/** The first process of a process namespace inherits every orphan in it, and has to take note of their end. */
export function reapOrphans(isOwn: (pid: number) => boolean): void {
  process.on('SIGCHLD', () => {
    for (const pid of childrenIds()) if (!isOwn(pid) && isZombie(pid)) waitpid(pid, null, WNOHANG)
  })
}

function childrenIds(): readonly number[] {
  return read(`/proc/self/task/${process.pid}/children`).split(' ').filter(Boolean).map(Number)
}

function isZombie(pid: number): boolean {
  return /\) Z /.test(read(`/proc/${pid}/stat`))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
