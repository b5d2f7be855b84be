import { readUsers, type User } from './users.ts'

const KEPT_MS = 60_000
/** A user who is not listed may have been added a moment ago. */
const ASKED_AGAIN_MS = 5000

/** Names of users, read again now and then. */
export class KnownUsers {
  #users: ReadonlyMap<number, User> = new Map()
  #readMs = Number.NEGATIVE_INFINITY

  async byUid(uid: number): Promise<Pick<User, 'user' | 'groups'>> {
    const ageMs = performance.now() - this.#readMs
    if (ageMs > (this.#users.has(uid) ? KEPT_MS : ASKED_AGAIN_MS)) {
      this.#readMs = performance.now()
      const users = await readUsers().catch(() => null)
      if (users !== null) this.#users = new Map(users.map((user) => [user.uid, user]))
    }
    return this.#users.get(uid) ?? { user: String(uid), groups: [] }
  }
}
