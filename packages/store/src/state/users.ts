import { createHash, randomBytes } from 'node:crypto'
import { SallyportError } from '@sallyport/policy'
import { hashPassword, verifyPassword } from './password-hash.ts'
import type { StateDatabase, StateRow, StateStatements } from './state-database.ts'
import { totpStep } from './totp.ts'

/** Each may do what those before it may: look; judge alerts; change the policy; manage users and settings. */
export const ROLES = ['viewer', 'analyst', 'editor', 'admin'] as const
export type Role = (typeof ROLES)[number]
export type User = {
  readonly name: string
  readonly role: Role
  readonly createdMs: number
  /** Signs in with the identity provider, not with a password. */
  readonly isExternal: boolean
}
export type ListedUser = User & { readonly hasSecondFactor: boolean }
export type Session = { readonly user: User; readonly csrf: string; readonly expiresMs: number }

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** Who chooses sits before the console, not before the command line. */
const CHOOSE = 'Choose another.'
const LEAST_PASSWORD = 12
const MOST_PASSWORD = 1024

/** Local accounts and their sessions. A session's token is kept as a hash only. */
export class Users {
  readonly #database: StateDatabase

  constructor(database: StateDatabase) {
    this.#database = database
  }

  async list(): Promise<readonly ListedUser[]> {
    const rows = await this.#database.all(`SELECT ${USER}, "totpSecret" FROM users ORDER BY name`)
    return rows.map((row) => ({ ...readUser(row), hasSecondFactor: row['totpSecret'] !== null }))
  }

  async hasSecondFactor(name: string): Promise<boolean> {
    return (await totpOf(this.#database, name)) !== null
  }

  /** Null takes it away. The code that proved the secret is used up. Other sessions of the user go on. */
  setTotp(name: string, secret: string | null, step = 0): Promise<boolean> {
    return setTotp(this.#database, name, secret, step)
  }

  /** Whether the code is the user's now; a code is good once (RFC 6238 §5.2). */
  takeTotp(name: string, code: string, nowMs: number): Promise<boolean> {
    return this.#database.transaction(async (inside) => {
      const held = await totpOf(inside, name)
      const step = held === null ? null : totpStep(held.secret, code, nowMs, held.step)
      if (held === null || step === null) return false
      return setTotp(inside, name, held.secret, step)
    })
  }

  /** Throws `usage` when the name is taken or malformed, or the password too short. */
  async add(name: string, role: Role, password: string, nowMs: number): Promise<User> {
    if (!NAME.test(name))
      throw new SallyportError('usage', 'a user name is 1 to 64 of a-z, 0-9, dot, hyphen, underscore', {
        remedy: CHOOSE,
      })
    const passwordHash = await hashPassword(acceptable(password))
    const added = await this.#database.run(
      'INSERT INTO users (name, role, "passwordHash", "createdMs") VALUES ($name, $role, $passwordHash, $nowMs) ON CONFLICT DO NOTHING',
      { name, role, passwordHash, nowMs },
    )
    if (added === 0) throw new SallyportError('usage', `there is a user ${name} already`, { remedy: CHOOSE })
    return { name, role, createdMs: nowMs, isExternal: false }
  }

  /**
   * The account of somebody whom an identity provider names, with the role that it gives now. `externalId` says who it is; null
   * where another has the name.
   */
  admitExternal(
    { externalId, name, role }: { readonly externalId: string; readonly name: string; readonly role: Role },
    nowMs: number,
  ): Promise<User | null> {
    return this.#database.transaction(async (inside) => {
      await inside.run('UPDATE users SET role = $role WHERE "externalId" = $externalId', { role, externalId })
      await inside.run(
        `INSERT INTO users (name, role, "passwordHash", "createdMs", "externalId")
        VALUES ($name, $role, '', $nowMs, $externalId) ON CONFLICT DO NOTHING`,
        { name, role, nowMs, externalId },
      )
      const row = await inside.get(`SELECT ${USER} FROM users WHERE "externalId" = $externalId`, { externalId })
      return row === null ? null : readUser(row)
    })
  }

  /** Of somebody who may not sign in any more; sessions end. */
  async removeExternal(externalId: string): Promise<boolean> {
    return (await this.#database.run('DELETE FROM users WHERE "externalId" = $externalId', { externalId })) > 0
  }

  /** All sessions of the user end. */
  async setPassword(name: string, password: string): Promise<boolean> {
    const passwordHash = await hashPassword(acceptable(password))
    return this.#database.transaction(async (inside) => {
      await inside.run('DELETE FROM sessions WHERE "user" = $name', { name })
      const sql = 'UPDATE users SET "passwordHash" = $passwordHash WHERE name = $name'
      return (await inside.run(sql, { name, passwordHash })) > 0
    })
  }

  async remove(name: string): Promise<boolean> {
    return (await this.#database.run('DELETE FROM users WHERE name = $name', { name })) > 0
  }

  /** Null for a wrong name as for a wrong password, after the same work. */
  async verify(name: string, password: string): Promise<User | null> {
    const row = await this.#database.get(`SELECT ${USER}, "passwordHash" FROM users WHERE name = $name`, { name })
    const right = await verifyPassword(
      password.slice(0, MOST_PASSWORD),
      (row?.['passwordHash'] as string | undefined) ?? null,
    )
    return row === null || !right ? null : readUser(row)
  }

  /** `token` is for the user's cookie. */
  async openSession(user: User, nowMs: number, lifeMs: number): Promise<Session & { readonly token: string }> {
    const [token, csrf] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')] as const
    const expiresMs = nowMs + lifeMs
    await this.#database.run('DELETE FROM sessions WHERE "expiresMs" <= $nowMs', { nowMs })
    await this.#database.run(
      'INSERT INTO sessions ("tokenHash", "user", csrf, "expiresMs") VALUES ($tokenHash, $name, $csrf, $expiresMs)',
      { tokenHash: hashToken(token), name: user.name, csrf, expiresMs },
    )
    return { user, csrf, expiresMs, token }
  }

  /** Null also for one that has more than `mostMs` left: it began while the clock was ahead, and would last as long as that was. */
  async session(token: string, nowMs: number, mostMs: number): Promise<Session | null> {
    const row = await this.#database.get(
      `SELECT ${USER}, csrf, "expiresMs" FROM sessions JOIN users ON name = "user"
      WHERE "tokenHash" = $tokenHash AND "expiresMs" > $nowMs AND "expiresMs" <= $latestMs`,
      { tokenHash: hashToken(token), nowMs, latestMs: nowMs + mostMs },
    )
    return row === null ? null : { user: readUser(row), csrf: String(row['csrf']), expiresMs: Number(row['expiresMs']) }
  }

  async closeSession(token: string): Promise<void> {
    await this.#database.run('DELETE FROM sessions WHERE "tokenHash" = $tokenHash', { tokenHash: hashToken(token) })
  }
}

const USER = 'name, role, "createdMs", "externalId"'

function readUser(row: StateRow): User {
  const { name, role, createdMs, externalId } = row as Omit<User, 'isExternal'> & { readonly externalId: string | null }
  return { name, role, createdMs, isExternal: externalId !== null }
}

async function totpOf(
  on: StateStatements,
  name: string,
): Promise<{ readonly secret: string; readonly step: number } | null> {
  const row = await on.get('SELECT "totpSecret", "totpStep" FROM users WHERE name = $name', { name })
  const secret = row?.['totpSecret'] ?? null
  return secret === null ? null : { secret: String(secret), step: Number(row?.['totpStep']) }
}

async function setTotp(on: StateStatements, name: string, secret: string | null, step: number): Promise<boolean> {
  const sql = 'UPDATE users SET "totpSecret" = $secret, "totpStep" = $step WHERE name = $name'
  return (await on.run(sql, { name, secret, step })) > 0
}

export function mayAct(user: Pick<User, 'role'>, least: Role): boolean {
  return ROLES.indexOf(user.role) >= ROLES.indexOf(least)
}

function acceptable(password: string): string {
  if (password.length >= LEAST_PASSWORD && password.length <= MOST_PASSWORD) return password
  throw new SallyportError('usage', `a password has ${LEAST_PASSWORD} to ${MOST_PASSWORD} characters`, {
    remedy: CHOOSE,
  })
}

/** Tokens are random, so a fast hash is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
