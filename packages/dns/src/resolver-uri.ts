import { isIP } from 'node:net'
import { parseDomainName } from '@sallyport/net'

export type ResolverKind = 'udp' | 'tcp' | 'tls' | 'https'

/** Where a resolver listens, or a server that it asks. `udp` is UDP with TCP beside it. */
export type ResolverUri = {
  readonly kind: ResolverKind
  /** `null` when the host is a name whose address is to be looked up at a bootstrap server. */
  readonly address: string | null
  readonly port: number
  /** What the certificate must be for, when not for the address. */
  readonly serverName: string | null
  /** Of DNS over HTTPS, else `null`. */
  readonly path: string | null
}

export type InvalidUri = { readonly problem: string }

const PORT: Readonly<Record<ResolverKind, number>> = { udp: 53, tcp: 53, tls: 853, https: 443 }

/**
 * `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT`, and these after `udp://`, `tcp://`, `tls://` (RFC 7858) or `https://` with a path
 * (RFC 8484). After `#` stands the name of the certificate when the host is an address, or the address when it is a name.
 */
export function parseResolverUri(text: string): ResolverUri | InvalidUri {
  const match =
    /^(?:(udp|tcp|tls|https):\/\/)?(?:\[([^\]]+)\]|([0-9a-fA-F:]*::?[0-9a-fA-F:.]*)(?![^/#])|([^:/#[\]]+))(?::(\d{1,5}))?(\/[^#]*)?(?:#(.+))?$/.exec(
      text,
    )
  if (match === null) return { problem: `"${text}" is not an address, address:port or URI of a resolver` }
  const kind = (match[1] ?? 'udp') as ResolverKind
  const host = match[2] ?? match[3] ?? match[4]!
  const port = match[5] === undefined ? PORT[kind] : Number(match[5])
  if (port > 65535) return { problem: `${port} is not a port` }
  const path = match[6] ?? null
  if (path !== null && kind !== 'https') return { problem: `${kind}:// takes no path` }
  const rest = { kind, port, path: kind === 'https' ? (path ?? '/dns-query') : null }
  const beside = match[7] ?? null
  if (isIP(host) !== 0) {
    const name = beside === null ? null : parseDomainName(beside)
    if (beside !== null && name === null) return { problem: `"${beside}" is not a name` }
    return { ...rest, address: host, serverName: name }
  }
  const name = parseDomainName(host)
  if (name === null) return { problem: `"${host}" is neither an address nor a name` }
  if (kind === 'udp' || kind === 'tcp') return { problem: `${kind} needs an address, not the name ${name}` }
  if (beside !== null && isIP(beside) === 0) return { problem: `"${beside}" is not an address` }
  return { ...rest, address: beside, serverName: name }
}
