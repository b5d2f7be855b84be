import { readlinkSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

type ExecutableFile = { readonly dev: bigint; readonly ino: bigint }
type Process = ExecutableFile & { readonly pid: number; readonly comm: string }

/**
 * Paths of executables that the kernel names by device and inode. A process that has ended by now is looked up among the
 * files seen before, then in the directories of PATH under its command name; only the very same file counts.
 */
export class ExecutablePaths {
  readonly #pathOf = new Map<string, string>()
  readonly #directories: readonly string[]
  readonly #maxPaths: number

  constructor(path: string, maxPaths = 10_000) {
    this.#directories = path.split(delimiter).filter((directory) => directory.startsWith('/'))
    this.#maxPaths = maxPaths
  }

  remember(file: ExecutableFile, path: string): void {
    this.#pathOf.set(keyOf(file), path)
    if (this.#pathOf.size > this.#maxPaths) this.#pathOf.delete(this.#pathOf.keys().next().value!)
  }

  find(process: Process): string | null {
    const known = this.#pathOf.get(keyOf(process))
    if (known !== undefined) return known
    const path =
      runningPath(process) ??
      this.#directories
        .map((directory) => join(directory, process.comm))
        .find((candidate) => isFile(candidate, process))
    if (path === undefined) return null
    this.remember(process, path)
    return path
  }
}

function keyOf({ dev, ino }: ExecutableFile): string {
  return `${dev}:${ino}`
}

function runningPath(process: Process): string | undefined {
  const link = `/proc/${process.pid}/exe`
  try {
    // Of a file that was replaced by an upgrade meanwhile, the kernel says the path it had and this.
    return isFile(link, process) ? readlinkSync(link).replace(/ \(deleted\)$/, '') : undefined
  } catch {
    return undefined
  }
}

function isFile(path: string, { dev, ino }: ExecutableFile): boolean {
  try {
    const facts = statSync(path, { bigint: true })
    return facts.dev === dev && facts.ino === ino
  } catch {
    return false
  }
}
