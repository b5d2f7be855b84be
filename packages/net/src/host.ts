import { parseAddress, type Address } from './address.ts'
import { parseDomainName, type DomainName } from './domain-name.ts'

/** The host of an authority: exactly one address or one name. */
export type Host =
  { readonly kind: 'address'; readonly address: Address } | { readonly kind: 'name'; readonly name: DomainName }

const HOST_PROBLEMS = [
  'empty',
  'too-long',
  'control-character',
  'percent-encoded',
  'zone-id',
  'user-information',
  'bad-brackets',
  'not-a-host',
] as const
type HostProblem = (typeof HOST_PROBLEMS)[number]
type InvalidHost = { readonly problem: HostProblem }

// A name of 253 octets in Unicode needs fewer characters than that; brackets and a final dot come on top.
const LONGEST = 256

/**
 * Host of `host[:port]`, without the port (RFC 3986 §3.2.2). An address in any spelling is the address it denotes; all that
 * readers might take for different hosts is a problem: escapes, user information, zones, doubled brackets, control octets.
 */
export function parseHost(text: string): Host | InvalidHost {
  if (text === '') return { problem: 'empty' }
  if (text.length > LONGEST) return { problem: 'too-long' }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f-\u00a0]/.test(text)) return { problem: 'control-character' }
  if (text.includes('@')) return { problem: 'user-information' }
  const isBracketed = text.startsWith('[') || text.endsWith(']')
  if (text.includes('%')) return { problem: isBracketed || text.includes(':') ? 'zone-id' : 'percent-encoded' }
  if (isBracketed && !/^\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]$/.test(text)) return { problem: 'bad-brackets' }
  const address = parseAddress(text)
  if (address !== null) return { kind: 'address', address }
  const name = parseDomainName(text)
  return name === null ? { problem: 'not-a-host' } : { kind: 'name', name }
}

export function isHost(value: Host | InvalidHost): value is Host {
  return 'kind' in value
}

export type Authority = { readonly host: Host; readonly port: number | null }
type InvalidAuthority = { readonly problem: HostProblem | 'bad-port' }

/** `host` or `host:port`; an IPv6 address with a port needs brackets. Ports are 1 to 65535, in decimal digits alone. */
export function parseAuthority(text: string): Authority | InvalidAuthority {
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':')
  const [hostText, rest] = end > 0 || text.startsWith(':') ? [text.slice(0, end), text.slice(end)] : [text, '']
  const host = parseHost(hostText)
  if (!isHost(host)) return host
  if (rest === '') return { host, port: null }
  const port = rest.startsWith(':') ? parsePort(rest, 1) : null
  return port === null ? { problem: 'bad-port' } : { host, port }
}

/** Digits from `start` to the end of the text, without a zero in front. */
function parsePort(text: string, start: number): number | null {
  let port = 0
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9 || (digit === 0 && port === 0)) return null
    port = port * 10 + digit
    if (port > 65535) return null
  }
  return port === 0 ? null : port
}

export function isAuthority(value: Authority | InvalidAuthority): value is Authority {
  return 'host' in value
}
