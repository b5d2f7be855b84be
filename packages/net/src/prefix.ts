import { formatAddress, isIpv4, parseAddress, type Address } from './address.ts'
import { isPartOfTeredo } from './teredo.ts'

/** A prefix; `length` counts in the 128-bit space, so an IPv4 prefix has 96 more than its text says. Host bits are zero. */
export type Prefix = { readonly address: Address; readonly length: number }

type InvalidPrefix = {
  readonly problem: 'not-an-address' | 'bad-length' | 'host-bits' | 'part-of-teredo'
  readonly correct?: string
}

export const ALL_IPV4: Prefix = { address: { words: [0, 0, 0xffff, 0] }, length: 96 }
export const ALL_IPV6: Prefix = { address: { words: [0, 0, 0, 0] }, length: 0 }

/** `address` or `address/length`. An address with host bits set is refused with the right spelling. */
export function parsePrefix(text: string): Prefix | InvalidPrefix {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return { problem: 'not-an-address' }
  const written4 = !text.includes(':')
  if (slash < 0) return { address, length: 128 }
  const lengthText = text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText)) return { problem: 'bad-length' }
  const length = Number(lengthText) + (written4 ? 96 : 0)
  if (length > 128 || (!written4 && isIpv4(address) && length < 96)) return { problem: 'bad-length' }
  if (isPartOfTeredo(address.words, length)) return { problem: 'part-of-teredo' }
  const network = maskAddress(address, length)
  const prefix: Prefix = { address: network, length }
  if (network.words.some((word, index) => word !== address.words[index as 0])) {
    return { problem: 'host-bits', correct: formatPrefix(prefix) }
  }
  return prefix
}

export function isPrefix(value: Prefix | InvalidPrefix): value is Prefix {
  return 'address' in value
}

export function maskAddress(address: Address, length: number): Address {
  const mask = (word: number, bits: number): number =>
    bits >= 32 ? word : bits <= 0 ? 0 : (word & (0xffffffff << (32 - bits))) >>> 0
  const [a, b, c, d] = address.words
  return { words: [mask(a, length), mask(b, length - 32), mask(c, length - 64), mask(d, length - 96)] }
}

/** `::/0` is all of IPv6 and none of IPv4: a family never contains the other. */
export function prefixContains(prefix: Prefix, address: Address): boolean {
  if (prefix.length < 96 && isIpv4(address)) return false
  const own = prefix.address.words
  const other = address.words
  for (let index = 0, bits = prefix.length; bits > 0; index++, bits -= 32) {
    const difference = own[index as 0] ^ other[index as 0]
    if (bits >= 32 ? difference !== 0 : difference >>> (32 - bits) !== 0) return false
  }
  return true
}

export function prefixCovers(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && prefixContains(outer, inner.address)
}

export function formatPrefix(prefix: Prefix): string {
  const text = formatAddress(prefix.address)
  if (isIpv4(prefix.address) && prefix.length >= 96)
    return prefix.length === 128 ? text : `${text}/${prefix.length - 96}`
  return prefix.length === 128 ? text : `${text}/${prefix.length}`
}

/** The last address of a prefix. */
export function lastAddress(prefix: Prefix): Address {
  const fill = (word: number, bits: number): number =>
    bits >= 32 ? word : bits <= 0 ? 0xffffffff : (word | (0xffffffff >>> bits)) >>> 0
  const [a, b, c, d] = prefix.address.words
  const n = prefix.length
  return { words: [fill(a, n), fill(b, n - 32), fill(c, n - 64), fill(d, n - 96)] }
}
