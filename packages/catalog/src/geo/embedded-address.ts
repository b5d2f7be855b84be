import { ipv4, isIpv4, type Address, type Prefix } from '@sallyport/net'

/** The IPv4 address inside an IPv6 address of a transition technology, and which it is. */
type EmbeddedAddress = { readonly kind: '6to4' | 'teredo'; readonly address: Address }

const SIX_TO_FOUR = 0x2002
const TEREDO = 0x20010000

/** 6to4 (RFC 3056 §2): after the first 16 bits. Teredo (RFC 4380 §4): the client's, in the last 32 bits, inverted. */
export function embeddedAddress({ words }: Address): EmbeddedAddress | null {
  const [a, b, , d] = words
  if (a >>> 16 === SIX_TO_FOUR) return { kind: '6to4', address: ipv4(((a & 0xffff) << 16) | (b >>> 16)) }
  return a === TEREDO ? { kind: 'teredo', address: ipv4(~d) } : null
}

export const ALL_SIX_TO_FOUR: Prefix = { address: { words: [0x20020000, 0, 0, 0] }, length: 16 }

/** The 6to4 prefix of an IPv4 prefix; `null` for IPv6. */
export function sixToFourPrefix({ address, length }: Prefix): Prefix | null {
  if (length < 96 || !isIpv4(address)) return null
  const last = address.words[3]
  return {
    address: { words: [(0x20020000 | (last >>> 16)) >>> 0, ((last & 0xffff) << 16) >>> 0, 0, 0] },
    length: length - 96 + 16,
  }
}
