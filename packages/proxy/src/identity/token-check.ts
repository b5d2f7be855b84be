import {
  createLocalJWKSet,
  createRemoteJWKSet,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import type { Identity } from './identity.ts'

export type TokenOptions = {
  /** Keys as a set, or where it is fetched. */
  readonly keys: JSONWebKeySet | URL
  readonly issuer: string | null
  readonly audience: string | null
}

/** Signatures by a key pair alone: with a shared secret whoever checks a token could make one (RFC 8725 §3.1). */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** Bearer tokens that are JWTs (RFC 7519) signed by a key of the set. */
export class TokenCheck {
  readonly #keys: JWTVerifyGetKey
  readonly #options: TokenOptions

  constructor(options: TokenOptions) {
    this.#options = options
    this.#keys = options.keys instanceof URL ? createRemoteJWKSet(options.keys) : createLocalJWKSet(options.keys)
  }

  async check(token: string): Promise<Identity | null> {
    const { issuer, audience } = this.#options
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        ...(issuer === null ? {} : { issuer }),
        ...(audience === null ? {} : { audience }),
      })
      return identityOf(payload)
    } catch {
      return null
    }
  }
}

/** `preferred_username`, `email` or `sub`, with `groups`. */
function identityOf(payload: JWTPayload): Identity | null {
  const user = [payload['preferred_username'], payload['email'], payload.sub].find(
    (claim): claim is string => typeof claim === 'string' && claim !== '',
  )
  if (user === undefined) return null
  const groups = payload['groups']
  const names = Array.isArray(groups) ? groups.filter((group): group is string => typeof group === 'string') : []
  return { user, groups: names, tags: null }
}
