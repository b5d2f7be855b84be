import type { Address, DomainName, Transport } from '@sallyport/net'
import type { PostureValue } from './policy.ts'
import type { Protocol } from './protocol.ts'

/** The facts of one connection. A missing key is unknown; `null` is known to be none. */
export type Flow = {
  /** Milliseconds since 1970. */
  readonly time?: number | null
  readonly device?: string | null
  readonly tags?: readonly string[] | null
  readonly user?: string | null
  readonly groups?: readonly string[] | null
  readonly app?: string | null
  readonly appSha256?: string | null
  readonly unit?: string | null
  readonly container?: string | null
  readonly posture?: Posture | null
  readonly src?: Address | null
  readonly dst?: Address | null
  readonly port?: number | null
  readonly transport?: Transport | null
  /** The verified name. */
  readonly domain?: DomainName | null
  readonly boundNames?: readonly DomainName[] | null
  readonly protocol?: Protocol | null
  readonly http?: Http | null
  /** Looked up from `dst` when missing. */
  readonly country?: string | null
  readonly asn?: number | null
  /** DLP detectors that fired. */
  readonly content?: readonly string[] | null
  readonly bytesOut?: number | null
  readonly bytesIn?: number | null
  readonly packetsOut?: number | null
  readonly packetsIn?: number | null
  readonly durationMs?: number | null
}

/** Known as a whole: a fact that is missing in it is `null`. */
export type Posture = { readonly [fact: string]: PostureValue | null }

/** A missing key is unknown. */
export type Http = {
  readonly host?: string | null
  readonly path?: string | null
  readonly method?: string | null
  readonly contentType?: string | null
}
