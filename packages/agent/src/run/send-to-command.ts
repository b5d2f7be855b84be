import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** unshare, then the shell that is process 1 of the namespace, then the command: see the kernel package's guarded start. */
const WRAPPERS = 2
const START_MS = 2000

/** Wrappers do not pass signals on, so the command itself gets it; one that is just being started gets it when it is there. */
export async function sendToCommand(outermost: number | undefined, signal: NodeJS.Signals): Promise<void> {
  const deadline = performance.now() + START_MS
  while (outermost !== undefined && performance.now() < deadline) {
    const pid = await descendant(outermost, WRAPPERS)
    if (pid !== null && send(pid, signal)) return
    await sleep(10)
  }
}

async function descendant(pid: number, levels: number): Promise<number | null> {
  if (levels === 0) return pid
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const [first] = children.split(' ').filter((text) => text !== '')
  return first === undefined ? null : descendant(Number(first), levels - 1)
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
