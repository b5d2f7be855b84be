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
  /** SHA-256 of the SubjectPublicKeyInfo in base64; one of them is enough, and then no authority is asked. */
  readonly pins: readonly string[]
}

type InvalidUri = { readonly problem: string }

const PORT: Readonly<Record<ResolverKind, number>> = { udp: 53, tcp: 53, tls: 853, https: 443 }

/**
 * `ADDRESS`, `ADDRESS:PORT`, `[IPV6]:PORT`, and these after `udp://`, `tcp://`, `tls://` (RFC 7858) or `https://` with a path
 * (RFC 8484). After `#` stands the name of the certificate when the host is an address, or the address when it is a name, and
 * `pin=BASE64`, with commas between them.
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
  const beside = readBeside(match[7])
  if ('problem' in beside) return beside
  const { text: told, pins } = beside
  if (pins.length > 0 && kind !== 'tls' && kind !== 'https') return { problem: `${kind}:// has no certificate to pin` }
  const rest = { kind, port, path: kind === 'https' ? (path ?? '/dns-query') : null, pins }
  if (isIP(host) !== 0) {
    const name = told === null ? null : parseDomainName(told)
    if (told !== null && name === null) return { problem: `"${told}" is not a name` }
    return { ...rest, address: host, serverName: name }
  }
  const name = parseDomainName(host)
  if (name === null) return { problem: `"${host}" is neither an address nor a name` }
  if (kind === 'udp' || kind === 'tcp') return { problem: `${kind} needs an address, not the name ${name}` }
  if (told !== null && isIP(told) === 0) return { problem: `"${told}" is not an address` }
  return { ...rest, address: told, serverName: name }
}

function readBeside(text = ''): { readonly text: string | null; readonly pins: readonly string[] } | InvalidUri {
  const parts = text === '' ? [] : text.split(',')
  const pins = parts.filter((part) => part.startsWith('pin=')).map((part) => part.slice('pin='.length))
  const wrong = pins.find((pin) => !/^[A-Za-z0-9+/]{43}=$/.test(pin))
  if (wrong !== undefined) return { problem: `"${wrong}" is no SHA-256 in base64` }
  const others = parts.filter((part) => !part.startsWith('pin='))
  if (others.length > 1) return { problem: `"${text}" has more than one name or address` }
  return { text: others[0] ?? null, pins }
}
