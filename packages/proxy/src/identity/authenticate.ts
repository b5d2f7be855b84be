import type { Authenticate, CheckedCredentials } from './identity.ts'
import type { KerberosAcceptor } from './kerberos/kerberos-acceptor.ts'
import { PasswordCheck } from './password-check.ts'
import type { PasswordEntry } from './read-users.ts'
import { TokenCheck, type TokenOptions } from './token-check.ts'

export type AuthenticateOptions = {
  readonly users: ReadonlyMap<string, PasswordEntry> | null
  readonly tokens: TokenOptions | null
  readonly kerberos?: KerberosAcceptor | null
  /** Whether a client without credentials is turned away; else it is nobody, and rules for users do not hold. */
  readonly isRequired: boolean
}

/** User and password by Basic (RFC 7617) or SOCKS, Bearer tokens (RFC 6750), and tickets of Kerberos by Negotiate (RFC 4559). */
export function authenticateBy(options: AuthenticateOptions): Authenticate {
  const { users, kerberos = null } = options
  const hasPasswords = users !== null && [...users.values()].some(({ hash }) => hash !== null)
  const passwords = hasPasswords ? new PasswordCheck(users) : null
  const tokens = options.tokens === null ? null : new TokenCheck(options.tokens)
  return {
    check: async (credentials, login, client) => {
      switch (credentials.kind) {
        case 'none':
          return WRONG
        case 'password':
          return (await passwords?.check(credentials.user, credentials.password, client)) ?? WRONG
        case 'bearer':
          return (await tokens?.check(credentials.token)) ?? WRONG
        case 'negotiate':
          if (kerberos === null) return WRONG
          return login.negotiate(kerberos, credentials.token, (principal) => users?.get(principal)?.groups ?? [])
      }
    },
    // The strongest first: some clients take the first that they know.
    challenges: [
      ...(kerberos === null ? [] : ['Negotiate']),
      ...(passwords === null ? [] : ['Basic realm="sallyport", charset="UTF-8"']),
      ...(tokens === null ? [] : ['Bearer realm="sallyport"']),
    ],
    takesPasswords: passwords !== null,
    isRequired: options.isRequired,
  }
}

const WRONG: CheckedCredentials = { problem: 'the credentials do not hold' }
