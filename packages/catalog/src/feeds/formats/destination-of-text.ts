import {
  parseAddress,
  parsePrefix,
  isPartOfTeredo,
  isPrefix,
  maskAddress,
  compareAddresses,
  prefixesOfRange,
} from '@sallyport/net'
import type { DomainName, Prefix } from '@sallyport/net'
import { nameOfText } from '../domain-list.ts'

type TextDestination =
  | { readonly prefixes: readonly Prefix[] }
  | { readonly name: DomainName; readonly kind: 'name' | 'below' | 'both' }
  | { readonly reason: string }

const QUAD = String.raw`(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}`
const IPV4 = new RegExp(`^${QUAD}$`)
const IPV4_PREFIX = new RegExp(String.raw`^${QUAD}/\d{1,2}$`)
const IPV4_PORT = new RegExp(String.raw`^(${QUAD}):(\d{1,5})$`)
const IPV6_PORT = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/
const RANGE = /^([0-9a-fA-F:.]+)\s*-\s*([0-9a-fA-F:.]+)$/
const URL_START = /^[a-z][a-z0-9+.-]*:\/\//i
const MOST_PREFIXES = 256

/** An address, a prefix, a range, `address:port`, a URL of a whole host or a name, as lists write them. */
export function destinationOfText(text: string): TextDestination {
  if (URL_START.test(text)) return hostOfUrl(text)
  const prefixes = prefixesOfText(text)
  if (prefixes !== null) return prefixes
  if (/^[\d.]+(\/\d+)?$/.test(text)) return { reason: 'not an address or prefix' }
  const range = RANGE.exec(text)
  if (range !== null && /[.:]/.test(range[1]!)) return prefixesBetween(range[1]!, range[2]!)
  return patternOfText(text)
}

/** A name and every name below it; in a list `*.` and `.` before it say no more. */
export function patternOfText(text: string): TextDestination {
  const bare = text.startsWith('*.') ? text.slice(2) : text.startsWith('.') ? text.slice(1) : text
  const name = nameOfText(bare)
  if (name === null) return { reason: 'not a domain name' }
  if (bare === text && !name.includes('.'))
    return { reason: 'a single label; with a dot before it, it is a top-level domain' }
  return { kind: 'both', name }
}

/** `null`: the text does not look like an address at all. */
export function prefixesOfText(text: string): Exclude<TextDestination, { name: DomainName }> | null {
  const port = IPV4_PORT.exec(text) ?? IPV6_PORT.exec(text)
  if (port !== null && Number(port[2] ?? 0) > 65_535) return { reason: 'a port above 65535' }
  const address = port?.[1] ?? text
  if (!IPV4.test(address) && !IPV4_PREFIX.test(address) && !address.includes(':')) return null
  const prefix = prefixOfText(address)
  return prefix === null ? { reason: 'not an address or prefix' } : { prefixes: [prefix] }
}

/** Host bits that are set are cleared: a list means the network. */
export function prefixOfText(text: string): Prefix | null {
  const parsed = parsePrefix(text)
  if (isPrefix(parsed)) return parsed
  if (parsed.problem !== 'host-bits' || parsed.correct === undefined) return null
  const corrected = parsePrefix(parsed.correct)
  return isPrefix(corrected) ? corrected : null
}

function prefixesBetween(first: string, last: string): TextDestination {
  const start = parseAddress(first)
  const end = parseAddress(last)
  if (start === null || end === null) return { reason: 'not a range of addresses' }
  if (compareAddresses(start, end) > 0) return { reason: 'a range that ends before it begins' }
  const prefixes = prefixesOfRange(start.words, end.words)
  if (prefixes.some(({ address, length }) => isPartOfTeredo(address.words, length)))
    return { reason: 'a part of the Teredo addresses' }
  return prefixes.length > MOST_PREFIXES
    ? { reason: 'a range of both families' }
    : { prefixes: prefixes.map(({ address, length }) => ({ address: maskAddress(address, length), length })) }
}

/** A URL with a path names a page; to refuse its host would refuse all other pages there. */
function hostOfUrl(text: string): TextDestination {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return { reason: 'not a URL' }
  const hasPath = url.pathname.length > 1 || url.search !== '' || url.hash !== ''
  if (hasPath) return { reason: 'a URL of one page; a list names hosts' }
  const name = nameOfText(url.hostname)
  if (name !== null) return name.includes('.') ? { kind: 'both', name } : { reason: 'a single label' }
  return prefixesOfText(url.hostname) ?? { reason: 'a URL without a host' }
}
