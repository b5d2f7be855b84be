import { readFileSync, readlinkSync } from 'node:fs'

type Process = { readonly tgid: number; readonly parentTgid: number; readonly exeIno: bigint }
type Known = { readonly parents: readonly string[]; readonly untilMs: number }

const MOST_PROCESSES = 4096
const MOST_ABOVE = 8
/** A process number is not given again so soon, and its parent seldom ends meanwhile. */
const KNOWN_MS = 10_000
/** PROC_PID_INIT_INO: only there the kernel's numbers are those of /proc. */
const FIRST_NAMESPACE = 'pid:[4026531836]'

/** Executables of the processes above one, the nearest first, from /proc; what has ended by then is left out. */
export class ProcessTree {
  readonly #known = new Map<string, Known>()
  readonly #readable = readLink('/proc/self/ns/pid') === FIRST_NAMESPACE

  parentsOf({ tgid, parentTgid, exeIno }: Process, nowMs: number): readonly string[] {
    if (!this.#readable) return []
    const key = `${tgid}:${exeIno}`
    const known = this.#known.get(key)
    if (known !== undefined && known.untilMs > nowMs) return known.parents
    const parents = chainFrom(parentTgid > 0 ? parentTgid : parentOf(tgid))
    this.#known.delete(key)
    this.#known.set(key, { parents, untilMs: nowMs + KNOWN_MS })
    if (this.#known.size > MOST_PROCESSES) this.#known.delete(this.#known.keys().next().value!)
    return parents
  }
}

function chainFrom(nearest: number): readonly string[] {
  const paths: string[] = []
  for (let pid = nearest, steps = 0; pid > 0 && steps < MOST_ABOVE; steps++) {
    const path = readLink(`/proc/${pid}/exe`)
    if (path !== null) paths.push(path.replace(/ \(deleted\)$/, ''))
    pid = parentOf(pid)
  }
  return paths
}

/** 0 when there is none any more. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Field 4; the command name before it may hold spaces and parentheses.
    return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0])
  } catch {
    return 0
  }
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}
