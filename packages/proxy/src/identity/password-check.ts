import { createHash } from 'node:crypto'
import { compare } from 'bcryptjs'
import type { Identity } from './identity.ts'
import type { PasswordEntry } from './read-users.ts'

const KEPT_MS = 60_000
const MOST_KEPT = 1000
const MOST_WAITING = 64
/** The hash of a password that nobody has, so that an unknown user takes as long as a wrong password. */
const NOBODY = '$2b$10$3Julk41np6Ik739RyWoVregdEeS7yPIQ1wnEuocYL/s3BwwWvm38y'

type Kept = { readonly identity: Identity; readonly untilMs: number }

/** Passwords against bcrypt hashes. What held a minute ago holds: hashing for every request would be the whole work. */
export class PasswordCheck {
  #users: ReadonlyMap<string, PasswordEntry>
  readonly #kept = new Map<string, Kept>()
  #waiting = 0

  constructor(users: ReadonlyMap<string, PasswordEntry>) {
    this.#users = users
  }

  async check(user: string, password: string): Promise<Identity | null> {
    const key = createHash('sha256').update(`${user}\0${password}`).digest('base64')
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.untilMs > Date.now()) return kept.identity
    // Guessing must not take the processor away from everybody else.
    if (this.#waiting >= MOST_WAITING) return null
    this.#waiting++
    try {
      const entry = this.#users.get(user)
      const holds = await compare(password, entry?.hash ?? NOBODY)
      if (entry === undefined || entry.hash === null || !holds) return null
      const identity: Identity = { user, groups: entry.groups, tags: null }
      if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
      this.#kept.set(key, { identity, untilMs: Date.now() + KEPT_MS })
      return identity
    } catch {
      return null
    } finally {
      this.#waiting--
    }
  }
}
