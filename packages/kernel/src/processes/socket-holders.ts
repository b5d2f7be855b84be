import { readdirSync, readlinkSync } from 'node:fs'

export type Holders = ReadonlyMap<number, readonly number[]>

/** Processes that have the sockets open, by inode; those whose files this one may not see are left out. */
export function findHolders(inodes: ReadonlySet<number>, among: Iterable<number> = processIds()): Holders {
  const holders = new Map<number, number[]>()
  for (const pid of among) {
    for (const inode of new Set(heldBy(pid))) {
      if (!inodes.has(inode)) continue
      const pids = holders.get(inode) ?? []
      pids.push(pid)
      holders.set(inode, pids)
    }
  }
  return holders
}

function processIds(): readonly number[] {
  return names('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

function heldBy(pid: number): readonly number[] {
  const folder = `/proc/${pid}/fd`
  return names(folder).flatMap((fd) => {
    try {
      const link = readlinkSync(`${folder}/${fd}`)
      return link.startsWith('socket:[') ? [Number(link.slice('socket:['.length, -1))] : []
    } catch {
      // Files are closed while they are read.
      return []
    }
  })
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
