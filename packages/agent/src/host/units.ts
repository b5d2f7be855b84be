import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

type UnitCgroup = { readonly cgroupId: bigint; readonly unit: string }

const DEEPEST = 8
const UNIT = /\.(service|scope|slice|socket|mount|swap)$/

/** systemd's units as cgroups; a cgroup's id is its directory's inode number. A tree without systemd has none. */
export async function readUnits(cgroupRoot: string): Promise<readonly UnitCgroup[]> {
  const units: UnitCgroup[] = []
  const visit = async (path: string, depth: number): Promise<void> => {
    for (const entry of await directories(path)) {
      const child = join(path, entry.name)
      if (UNIT.test(entry.name)) {
        const facts = await stat(child, { bigint: true }).catch(() => null)
        if (facts !== null) units.push({ cgroupId: facts.ino, unit: basename(child) })
      }
      if (depth < DEEPEST) await visit(child, depth + 1)
    }
  }
  await visit(cgroupRoot, 1)
  return units
}

async function directories(path: string): Promise<readonly Dirent[]> {
  // A cgroup may go away between listing its parent and looking into it.
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory())
}
