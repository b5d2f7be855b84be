import { authenticateBy, readUsers, type Authenticate, type TokenOptions } from '@sallyport/proxy'
import { SallyportError } from '@sallyport/policy'
import { readTextFile } from './read-text-file.ts'

const MOST_USERS_BYTES = 16 * 2 ** 20
const MOST_KEYS_BYTES = 2 ** 20

export type IdentityOptions = {
  readonly users?: string
  readonly jwks?: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: string
  readonly anonymous?: boolean
}

/** `null` when nothing says how users are known. */
export async function readAuthenticate(options: IdentityOptions): Promise<Authenticate | null> {
  if (options.users === undefined && options.jwks === undefined) return null
  const users = options.users === undefined ? null : await readPasswords(options.users)
  const tokens = options.jwks === undefined ? null : await readTokenOptions(options.jwks, options)
  return authenticateBy({ users, tokens, isRequired: options.anonymous !== true })
}

async function readPasswords(
  path: string,
): Promise<Extract<ReturnType<typeof readUsers>, ReadonlyMap<string, unknown>>> {
  const users = readUsers(await readTextFile(path, MOST_USERS_BYTES))
  if (!('line' in users)) return users
  throw new SallyportError('users-invalid', `${path}:${users.line}: ${users.problem}`)
}

async function readTokenOptions(source: string, options: IdentityOptions): Promise<TokenOptions> {
  const { jwtIssuer, jwtAudience } = options
  const claims = { issuer: jwtIssuer ?? null, audience: jwtAudience ?? null }
  if (/^https?:\/\//.test(source)) return { keys: new URL(source), ...claims }
  const text = await readTextFile(source, MOST_KEYS_BYTES)
  try {
    const keys = JSON.parse(text) as { keys: [] }
    if (!Array.isArray(keys.keys)) throw new Error('it has no list "keys"')
    return { keys, ...claims }
  } catch (error) {
    throw new SallyportError('users-invalid', `${source} is no set of keys: ${(error as Error).message}`)
  }
}
