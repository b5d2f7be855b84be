import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  authenticateBy,
  KerberosAcceptor,
  readKeytab,
  readUsers,
  type Authenticate,
  type TokenOptions,
} from '@sallyport/proxy'
import { addressScope, isAuthority, parseAuthority } from '@sallyport/net'
import { SallyportError } from '@sallyport/policy'
import { fileError, readTextFile } from './read-text-file.ts'

const MOST_USERS_BYTES = 16 * 2 ** 20
const MOST_KEYS_BYTES = 2 ** 20

export type IdentityOptions = {
  readonly users?: string
  readonly jwks?: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: string
  readonly keytab?: string
  readonly kerberosRealm: readonly string[]
  readonly kerberosBind?: boolean
  readonly anonymous?: boolean
}

/** `null` when nothing says how users are known. */
export async function readAuthenticate(options: IdentityOptions): Promise<Authenticate | null> {
  if (options.users === undefined && options.jwks === undefined && options.keytab === undefined) return null
  const users = options.users === undefined ? null : await readPasswords(options.users)
  const tokens = options.jwks === undefined ? null : await readTokenOptions(options.jwks, options)
  const kerberos = options.keytab === undefined ? null : await openKerberos(options.keytab, options)
  return authenticateBy({ users, tokens, kerberos, isRequired: options.anonymous !== true })
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
  if (/^https?:\/\//.test(source)) return { keys: keysAt(source), ...claims }
  const text = await readTextFile(source, MOST_KEYS_BYTES)
  try {
    const keys = JSON.parse(text) as { keys: [] }
    if (!Array.isArray(keys.keys)) throw new Error('it has no list "keys"')
    return { keys, ...claims }
  } catch (error) {
    throw new SallyportError('users-invalid', `${source} is no set of keys: ${(error as Error).message}`)
  }
}

/** Whoever stands between could give keys of its own, and be everybody. */
function keysAt(source: string): URL {
  const url = URL.parse(source)
  const host = url === null ? null : parseAuthority(url.host)
  const isHere =
    host !== null &&
    isAuthority(host) &&
    (host.host.kind === 'address' ? addressScope(host.host.address) === 'loopback' : host.host.name === 'localhost')
  if (url !== null && (url.protocol === 'https:' || isHere)) return url
  throw new SallyportError('users-invalid', `${source} is no place to fetch keys from`, {
    remedy: 'Give an https:// URL; http:// is for this host alone.',
  })
}

/** Users of the realms that the proxy's own keys are of, and of those that are named. */
async function openKerberos(path: string, { kerberosRealm, kerberosBind }: IdentityOptions): Promise<KerberosAcceptor> {
  const invalid = (problem: string, remedy?: string): SallyportError =>
    new SallyportError('keytab-invalid', `${path} ${problem}`, remedy === undefined ? {} : { remedy })
  const facts = await stat(path).catch((error: unknown) => {
    throw fileError(path, error)
  })
  if ((facts.mode & 0o077) !== 0) throw invalid('can be read by others than its owner', `chmod 600 ${path}`)
  if (facts.size > MOST_KEYS_BYTES) throw invalid('is too large for a file of keys')
  const entries = readKeytab(
    await readFile(path).catch((error: unknown) => {
      throw fileError(path, error)
    }),
  )
  if (entries === null) throw invalid('is no keytab')
  const own = entries.filter(({ service }) => service.startsWith('HTTP/')).map(({ realm }) => realm)
  if (own.length === 0) throw invalid('has no key of a service HTTP/HOST')
  return new KerberosAcceptor({
    keytab: resolve(path),
    realms: [...new Set([...own, ...kerberosRealm])],
    mustBind: kerberosBind === true,
  })
}
