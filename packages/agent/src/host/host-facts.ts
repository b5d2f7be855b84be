import type { HostFacts } from '@sallyport/compile'
import { SallyportError, type Policy } from '@sallyport/policy'
import { findExecutables } from './executables.ts'
import { namedSubjects } from './policy-terms.ts'
import { readUnits } from './units.ts'
import { readUsers, type User } from './users.ts'

/** What the policy's words mean on this host now: its users, the files of its applications, its units. */
export async function readHostFacts(policy: Policy, cgroupRoot: string): Promise<HostFacts> {
  const [users, executables, units] = await Promise.all([readUsers(), findExecutables(policy), readUnits(cgroupRoot)])
  requireKnown(policy, users)
  return {
    device: null,
    tags: null,
    posture: null,
    users,
    apps: executables.map(({ dev, ino, path, sha256 }) => ({ dev, ino, app: path, appSha256: sha256 })),
    units: units.map(({ cgroupId, unit }) => ({ cgroupId, unit, container: null })),
  }
}

/** A misspelt user would make a deny rule hold for no one. */
export function requireKnown(policy: Policy, users: readonly User[]): void {
  const names = new Set(users.map(({ user }) => user))
  const groups = new Set(users.flatMap((user) => user.groups))
  const unknownUser = namedSubjects(policy, 'user').find((name) => !names.has(name))
  if (unknownUser !== undefined) throw new SallyportError('name-unknown', `no user "${unknownUser}" on this host`)
  const unknownGroup = namedSubjects(policy, 'group').find((name) => !groups.has(name))
  if (unknownGroup !== undefined) throw new SallyportError('name-unknown', `no group "${unknownGroup}" on this host`)
}
