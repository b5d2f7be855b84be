import { readdir, stat } from 'node:fs/promises'

type FileIdentity = { readonly dev: bigint; readonly ino: bigint }

/**
 * Those of `files` that some process of the host still runs. A program that was replaced on disk goes on under its old
 * file until it ends, and that file cannot be written to meanwhile.
 */
export async function runningFiles<T extends FileIdentity>(files: readonly T[]): Promise<readonly T[]> {
  if (files.length === 0) return []
  const running = new Set<string>()
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const file = await stat(`/proc/${pid}/exe`, { bigint: true }).catch(() => null)
    if (file !== null) running.add(`${file.dev}:${file.ino}`)
  }
  return files.filter(({ dev, ino }) => running.has(`${dev}:${ino}`))
}
