import { findHolders, readProgram, type ProcessProgram, type TcpSockets } from '@sallyport/kernel/processes'
import type { FileHashes } from './file-hashes.ts'
import type { KnownUsers } from './known-users.ts'
import type { ClientSocket, LocalClient } from './local-client.ts'

export type LookingGlass = { readonly sockets: TcpSockets; readonly users: KnownUsers; readonly hashes: FileHashes }
type Asked = { readonly socket: ClientSocket; readonly withHash: boolean }
type Programs = ReadonlyMap<number, ProcessProgram | null>

/**
 * Who is behind each of the connections, by one look through all processes, and a second at those that were found: whatever is not as
 * it was by then is left out. Better no name than another's.
 */
export async function findLocalClients(
  asked: readonly Asked[],
  { sockets, users, hashes }: LookingGlass,
): Promise<readonly LocalClient[]> {
  const found = asked.map(({ socket: { local, remote } }) => sockets.find(local, remote))
  const inodes = new Set(found.flatMap((socket) => socket?.inode ?? []))
  const holders = findHolders(inodes)
  const pids = new Set([...holders.values()].flat())
  const programs = readPrograms(pids)
  const facts = await Promise.all(
    found.map(async (socket, index): Promise<LocalClient> => {
      if (socket === null) return {}
      const all = (holders.get(socket.inode) ?? []).map((pid) => programs.get(pid) ?? null)
      const hash = asked[index]!.withHash ? await sameHash(all, hashes) : {}
      return { ...(await users.byUid(socket.uid)), ...commonFacts(all), ...hash }
    }),
  )
  const holdersNow = findHolders(inodes, pids)
  const programsNow = readPrograms(pids)
  return found.map((socket, index) => {
    const { local, remote } = asked[index]!.socket
    if (socket === null || sockets.find(local, remote)?.cookie !== socket.cookie) return {}
    const { user, groups, ...program } = facts[index]!
    const before = holders.get(socket.inode) ?? []
    const isStill =
      before.join() === holdersNow.get(socket.inode)?.join() &&
      before.every((pid) => isSame(programs.get(pid) ?? null, programsNow.get(pid) ?? null))
    return { user: user!, groups: groups!, ...(isStill ? program : {}) }
  })
}

function readPrograms(pids: ReadonlySet<number>): Programs {
  return new Map([...pids].map((pid) => [pid, readProgram(pid)]))
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
  return before !== null && now !== null && before.startTicks === now.startTicks && before.file === now.file
}
