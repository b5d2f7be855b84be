import {
  findHolders,
  readProgram,
  type InetSockets,
  type ProcessProgram,
  type SocketEnds,
} from '@sallyport/kernel/processes'
import type { FileHashes } from './file-hashes.ts'
import type { KnownUsers } from './known-users.ts'
import type { LocalClient } from './local-client.ts'

type LookingGlass = { readonly sockets: InetSockets; readonly users: KnownUsers; readonly hashes: FileHashes }
type Asked = { readonly socket: SocketEnds; readonly withHash: boolean }
type Programs = ReadonlyMap<number, ProcessProgram | null>

/**
 * Who is behind each of the connections, by one look through all processes, and a second at those that were found: whatever is not as
 * it was by then is left out. Better no name than another's.
 */
export async function findLocalClients(
  asked: readonly Asked[],
  { sockets, users, hashes }: LookingGlass,
): Promise<readonly LocalClient[]> {
  const found = asked.map(({ socket }) => sockets.find(socket))
  const inodes = new Set(found.flatMap((socket) => socket?.inode ?? []))
  const holders = findHolders(inodes)
  const pids = new Set([...holders.values()].flat())
  const programs = readPrograms(pids)
  const facts = await Promise.all(
    found.map(async (socket, index): Promise<LocalClient> => {
      if (socket === null) return {}
      const all = (holders.get(socket.inode) ?? []).map((pid) => programs.get(pid) ?? null)
      const hash = asked[index]!.withHash ? await sameHash(all, hashes) : {}
      const uid = all.length === 0 ? socket.uid : commonUid(all)
      return { ...(uid === null ? {} : await users.byUid(uid)), ...commonFacts(all), ...hash }
    }),
  )
  const holdersNow = findHolders(inodes, pids)
  const programsNow = readPrograms(pids)
  return found.map((socket, index) => {
    if (socket === null || sockets.find(asked[index]!.socket)?.cookie !== socket.cookie) return {}
    const before = holders.get(socket.inode) ?? []
    const isStill =
      before.join() === holdersNow.get(socket.inode)?.join() &&
      before.every((pid) => isSame(programs.get(pid) ?? null, programsNow.get(pid) ?? null))
    return isStill ? facts[index]! : {}
  })
}

function readPrograms(pids: ReadonlySet<number>): Programs {
  return new Map([...pids].map((pid) => [pid, readProgram(pid)]))
}

function commonUid(programs: readonly (ProcessProgram | null)[]): number | null {
  const uid = programs[0]?.uid
  return uid !== undefined && programs.every((program) => program?.uid === uid) ? uid : null
}

/** What all holders have in common: a socket that different programs share is no one program's. */
function commonFacts(programs: readonly (ProcessProgram | null)[]): LocalClient {
  const [first] = programs
  if (!first) return {}
  const have = (key: 'file' | 'path' | 'unit'): boolean => programs.every((program) => program?.[key] === first[key])
  return {
    ...(have('file') && have('path') && first.path !== null ? { app: first.path } : {}),
    ...(have('unit') ? { unit: first.unit } : {}),
  }
}

async function sameHash(programs: readonly (ProcessProgram | null)[], hashes: FileHashes): Promise<LocalClient> {
  const [first] = programs
  if (!first || programs.some((program) => program?.file !== first.file)) return {}
  const appSha256 = await hashes.sha256(`/proc/${first.pid}/exe`)
  return appSha256 === null ? {} : { appSha256 }
}

function isSame(before: ProcessProgram | null, now: ProcessProgram | null): boolean {
  return (
    before !== null &&
    now !== null &&
    before.startTicks === now.startTicks &&
    before.uid === now.uid &&
    before.file === now.file
  )
}
