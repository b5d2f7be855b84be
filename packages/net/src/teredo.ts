import { ipv4, isIpv4, type Address } from './address.ts'
import type { Prefix } from './prefix.ts'

/** 2001::/32 (RFC 4380 §2.6): server, flags and port, and inverted the IPv4 address of the client, one behind the other. */
const TEREDO = 0x20010000
const TEREDO_LENGTH = 32

/** The IPv4 address of the client inside a Teredo address. */
export function teredoClient({ words }: Address): Address | null {
  return words[0] === TEREDO ? ipv4(~words[3]) : null
}

/**
 * The form in which tables of prefixes hold a Teredo address: the client in front of all else, so that a prefix of IPv4 is a prefix here.
 * Another address, and twice this one, is itself.
 */
export function clientFirst(address: Address): Address {
  const [a, b, c, d] = address.words
  return a === TEREDO ? { words: [a, ~d >>> 0, c, ~b >>> 0] } : address
}

/** The Teredo addresses of the clients of an IPv4 prefix, in that form; `null` for IPv6. */
export function teredoPrefix({ address, length }: Prefix): Prefix | null {
  if (length < 96 || !isIpv4(address)) return null
  return { address: { words: [TEREDO, address.words[3], 0, 0] }, length: length - 96 + TEREDO_LENGTH }
}

/** A part of Teredo that is neither the whole nor one address: its server and port, which name no one. */
export function isPartOfTeredo(words: Address['words'], length: number): boolean {
  return words[0] === TEREDO && length > TEREDO_LENGTH && length < 128
}
