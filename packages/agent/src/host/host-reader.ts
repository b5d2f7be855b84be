import type { HostFacts } from '@sallyport/compile'
import { SallyportError, type Policy } from '@sallyport/policy'
import { findExecutables } from './executables.ts'
import { FileHashes } from './file-hashes.ts'
import { namedSubjects } from './policy-terms.ts'
import { readUnits } from './units.ts'
import { readUsers, type User } from './users.ts'

/** What a policy's words mean on this host: its users, the files of its applications, the units below a cgroup. */
export class HostReader {
  readonly #cgroupRoot: string
  /** Kept between looks: most files are as they were. */
  readonly #hashes = new FileHashes()

  constructor(cgroupRoot: string) {
    this.#cgroupRoot = cgroupRoot
  }

  async read(policy: Policy): Promise<HostFacts> {
    const [users, executables, units] = await Promise.all([
      readUsers(),
      findExecutables(policy, this.#hashes),
      readUnits(this.#cgroupRoot),
    ])
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
