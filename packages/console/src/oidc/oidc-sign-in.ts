import type { Role } from '@sallyport/store'
import * as oidc from 'openid-client'
import { boundedFetch } from './bounded-fetch.ts'
import { claimOf, nameOfClaims, roleOfClaims, type Claims } from './identity-of-claims.ts'
import type { OidcSettings } from './oidc-settings.ts'

/** Who the provider says it is. `externalId` never changes, unlike names. */
type ExternalIdentity = { readonly externalId: string; readonly name: string; readonly role: Role }

/** Every member has its words in the console and in docs/reference/sign-in.md. */
export type OidcRefusal =
  /** The provider does not answer as one. */
  | 'unavailable'
  /** This browser did not begin it here, or too long ago, or it was used. */
  | 'not-begun'
  /** The provider says no, or the person. */
  | 'refused'
  /** The answer is not what a provider of ours says to us, now. */
  | 'invalid'
  | 'no-role'
  | 'no-name'
  | 'name-taken'

export type OidcOutcome =
  | { readonly ok: true; readonly identity: ExternalIdentity }
  /** `detail` is for the audit log alone; `externalId` is of who may not come in. */
  | { readonly ok: false; readonly reason: OidcRefusal; readonly detail: string; readonly externalId: string | null }

type Begun = { readonly verifier: string; readonly nonce: string; readonly host: string; readonly untilMs: number }

export const CALLBACK = '/session/oidc/callback'
/** What a person needs for a password, a second factor, and a phone call in between. */
export const BEGUN_LIFE_MS = 600_000
const MAX_BEGUN = 1000
const ANSWER_SECONDS = 10
/** Of clocks, ours and the provider's. */
const SKEW_SECONDS = 60
/** Endpoints of providers do change; keys are looked up when an unknown one comes. */
const DISCOVERY_LIFE_MS = 3_600_000

/** Authorization code with PKCE, state and nonce (OpenID Connect Core 1.0 §3.1, RFC 9700). */
export class OidcSignIn {
  readonly label: string
  readonly #settings: OidcSettings
  readonly #nowMs: () => number
  readonly #begun = new Map<string, Begun>()
  #discovered: { readonly config: Promise<oidc.Configuration>; readonly untilMs: number } | null = null

  constructor(settings: OidcSettings, nowMs: () => number) {
    this.#settings = settings
    this.#nowMs = nowMs
    this.label = settings.label
  }

  /** Where the browser is to go, and what it must show when it comes back. Null: the provider does not answer. */
  async begin(host: string): Promise<{ readonly location: string; readonly state: string } | null> {
    const config = await this.#config().catch(() => null)
    if (config === null) return null
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()]
    for (const [key, { untilMs }] of this.#begun)
      if (untilMs <= this.#nowMs() || this.#begun.size >= MAX_BEGUN) this.#begun.delete(key)
    this.#begun.set(state, { verifier, nonce, host, untilMs: this.#nowMs() + BEGUN_LIFE_MS })
    const location = oidc.buildAuthorizationUrl(config, {
      redirect_uri: callbackOf(host),
      scope: this.#settings.scopes.join(' '),
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    return { location: location.href, state }
  }

  /** `state` is what the browser shows of its own; `answer` came with the provider's redirect. */
  async finish(host: string, state: string | null, answer: Readonly<Record<string, string>>): Promise<OidcOutcome> {
    const begun = state === null ? undefined : this.#begun.get(state)
    // Whatever comes of it, it is used up.
    if (state !== null) this.#begun.delete(state)
    if (state === null || begun === undefined || begun.untilMs <= this.#nowMs() || begun.host !== host)
      return refusal('not-begun', '')
    try {
      const config = await this.#config()
      const url = new URL(callbackOf(host))
      for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
      const tokens = await oidc.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()!
      return this.#judge(claims.sub, await this.#withUserInfo(config, tokens.access_token, claims))
    } catch (error) {
      return refusal(reasonOf(error), textOf(error))
    }
  }

  /** Where the provider's own session ends; null where it does not say. */
  async leave(host: string): Promise<string | null> {
    const config = await this.#config().catch(() => null)
    if (config?.serverMetadata().end_session_endpoint === undefined) return null
    return oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: `http://${host}/` }).href
  }

  #judge(subject: string, claims: Claims): OidcOutcome {
    const externalId = `${this.#settings.issuer} ${subject}`
    const role = roleOfClaims(claims, this.#settings)
    if (role === null) return { ...refusal('no-role', externalId), externalId }
    const name = nameOfClaims(claims, this.#settings)
    if (name === null) return { ...refusal('no-name', externalId), externalId }
    return { ok: true, identity: { externalId, name, role } }
  }

  /** Many providers say names and groups there only (OpenID Connect Core 1.0 §5.4). */
  async #withUserInfo(
    config: oidc.Configuration,
    accessToken: string,
    claims: Claims & { sub: string },
  ): Promise<Claims> {
    const { groupsClaim, nameClaim } = this.#settings
    const hasAll = [groupsClaim, nameClaim].every((path) => claimOf(claims, path) !== undefined)
    if (hasAll || config.serverMetadata().userinfo_endpoint === undefined) return claims
    return { ...(await oidc.fetchUserInfo(config, accessToken, claims.sub)), ...claims }
  }

  #config(): Promise<oidc.Configuration> {
    if (this.#discovered !== null && this.#discovered.untilMs > this.#nowMs()) return this.#discovered.config
    const config = this.#discover()
    const discovered = { config, untilMs: this.#nowMs() + DISCOVERY_LIFE_MS }
    this.#discovered = discovered
    config.catch(() => {
      if (this.#discovered === discovered) this.#discovered = null
    })
    return config
  }

  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    return oidc.discovery(
      new URL(issuer),
      clientId,
      { [oidc.clockTolerance]: SKEW_SECONDS },
      clientSecret === null ? oidc.None() : oidc.ClientSecretBasic(clientSecret),
      {
        [oidc.customFetch]: (url, options) => boundedFetch(url, options as RequestInit),
        timeout: ANSWER_SECONDS,
        execute: [
          // TLS alone would do (§3.1.3.7, 6); a signature holds also where a proxy opens TLS.
          oidc.enableNonRepudiationChecks,
          ...(new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
        ],
      },
    )
  }
}

function callbackOf(host: string): string {
  return `http://${host}/api/v1${CALLBACK}`
}

function refusal(reason: OidcRefusal, detail: string): OidcOutcome & { readonly ok: false } {
  return { ok: false, reason, detail, externalId: null }
}

function reasonOf(error: unknown): OidcRefusal {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) return 'refused'
  if (error instanceof oidc.ClientError && error.code !== 'OAUTH_TIMEOUT') return 'invalid'
  return 'unavailable'
}

/** What the provider said, else the causes: the innermost says most. */
function textOf(error: unknown): string {
  const texts: string[] = []
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError)
    texts.push(error.error, error.error_description ?? '')
  else for (let each = error; each instanceof Error && texts.length < 4; each = each.cause) texts.push(each.message)
  return texts.join(': ').slice(0, 300)
}
