import { createHash } from 'node:crypto'
import type { ClientKey } from '../client/request-rates.ts'
import type { Identity } from './identity.ts'
import { PasswordHashing } from './password-hashing.ts'
import type { PasswordEntry } from './read-users.ts'

const KEPT_MS = 60_000
const MOST_KEPT = 1000
/** The hash of a password that nobody has, so that an unknown user takes as long as a wrong password. */
const NOBODY = '$2b$10$3Julk41np6Ik739RyWoVregdEeS7yPIQ1wnEuocYL/s3BwwWvm38y'

type Kept = { readonly identity: Identity; readonly untilMs: number }

/** Passwords against bcrypt hashes. What held a minute ago holds: hashing for every request would be the whole work. */
export class PasswordCheck {
  #users: ReadonlyMap<string, PasswordEntry>
  readonly #kept = new Map<string, Kept>()
  readonly #hashing = new PasswordHashing()

  constructor(users: ReadonlyMap<string, PasswordEntry>) {
    this.#users = users
  }

  /** `client`: who waits for it, beside others. */
  async check(user: string, password: string, client: ClientKey): Promise<Identity | null> {
    const key = createHash('sha256').update(`${user}\0${password}`).digest('base64')
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.untilMs > performance.now()) return kept.identity
    const entry = this.#users.get(user)
    const holds = await this.#hashing.compare(client, password, entry?.hash ?? NOBODY)
    if (entry === undefined || entry.hash === null || !holds) return null
    const identity: Identity = { user, groups: entry.groups, tags: null }
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(key, { identity, untilMs: performance.now() + KEPT_MS })
    return identity
  }
}
