import type { ClientKey } from '../client/request-rates.ts'
import type { Flow } from '@sallyport/policy'
import type { ConnectionLogin } from './connection-login.ts'

/** Facts of the process behind a client of this host. One that is left out could not be found out: a rule that asks for it denies. */
export type ClientProcess = Pick<Flow, 'user' | 'groups' | 'app' | 'appSha256' | 'unit'>

/** Who a client is. */
export type Identity = {
  readonly user: string | null
  readonly groups: readonly string[] | null
  readonly tags: readonly string[] | null
  /** Of a client of this host; its user is there unless credentials say who asks. */
  readonly process?: ClientProcess
}

export const ANONYMOUS: Identity = { user: null, groups: null, tags: null }

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'negotiate'; readonly token: Buffer }

export type CheckedCredentials = Identity | { readonly problem: string }

export type Authenticate = {
  /** Never rejects. `login`: of the connection that they came on; `client`: whose they are, as far as its address tells. */
  readonly check: (credentials: Credentials, login: ConnectionLogin, client: ClientKey) => Promise<CheckedCredentials>
  /** Values of Proxy-Authenticate. */
  readonly challenges: readonly string[]
  readonly takesPasswords: boolean
  readonly isRequired: boolean
}
