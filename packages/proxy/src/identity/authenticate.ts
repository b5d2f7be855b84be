import type { Authenticate } from './identity.ts'
import { PasswordCheck } from './password-check.ts'
import type { PasswordEntry } from './read-users.ts'
import { TokenCheck, type TokenOptions } from './token-check.ts'

export type AuthenticateOptions = {
  readonly users: ReadonlyMap<string, PasswordEntry> | null
  readonly tokens: TokenOptions | null
  /** Whether a client without credentials is turned away; else it is nobody, and rules for users do not hold. */
  readonly isRequired: boolean
}

/** User and password by Basic (RFC 7617) or SOCKS, and Bearer tokens (RFC 6750). */
export function authenticateBy(options: AuthenticateOptions): Authenticate {
  const passwords = options.users === null ? null : new PasswordCheck(options.users)
  const tokens = options.tokens === null ? null : new TokenCheck(options.tokens)
  return {
    check: async (credentials) => {
      switch (credentials.kind) {
        case 'none':
          return null
        case 'password':
          return passwords?.check(credentials.user, credentials.password) ?? null
        case 'bearer':
          return tokens?.check(credentials.token) ?? null
      }
    },
    challenges: [
      ...(passwords === null ? [] : ['Basic realm="sallyport", charset="UTF-8"']),
      ...(tokens === null ? [] : ['Bearer realm="sallyport"']),
    ],
    takesPasswords: passwords !== null,
    isRequired: options.isRequired,
  }
}
