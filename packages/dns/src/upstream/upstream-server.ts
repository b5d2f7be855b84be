import type { Endpoint } from '../options.ts'
import type { ResolverKind } from '../resolver-uri.ts'

/** A server that is asked. Its address is known: a name has been looked up before (`lookUpServer`). */
export type UpstreamServer = Endpoint & {
  /** `udp`, with TCP for what UDP does not hold, unless given. */
  readonly kind?: ResolverKind
  /** What the certificate must be for, when not for the address. */
  readonly serverName?: string | null
  /** Of DNS over HTTPS. */
  readonly path?: string | null
  /** SHA-256 of the SubjectPublicKeyInfo in base64, alternatives. With pins no authority is asked (RFC 7858 §4.2). */
  readonly pins?: readonly string[]
  /** Authorities in PEM, in place of those of the system. */
  readonly ca?: string
}

/** As in `parseResolverUri`. */
export function upstreamName({ kind = 'udp', address, port, serverName, path }: UpstreamServer): string {
  const host = address.includes(':') ? `[${address}]` : address
  const beside = serverName === undefined || serverName === null ? '' : `#${serverName}`
  return `${kind}://${host}:${port}${kind === 'https' ? (path ?? '/dns-query') : ''}${beside}`
}
