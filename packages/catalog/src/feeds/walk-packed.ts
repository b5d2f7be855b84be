import type { DomainName, DomainPattern } from '@sallyport/net'
import { PACKED_KINDS } from '@sallyport/policy'

const TEXT_OCTETS = 16_384

/** Packed patterns as objects, one at a time. */
export function* walkPacked(packed: Uint8Array): Generator<DomainPattern, void, undefined> {
  const octets = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  // Text for many names at once: one decoding each would cost more than all the rest.
  let text = ''
  let textFrom = 0
  for (let at = 0; at < octets.length;) {
    const length = octets[at]!
    if (at + 2 + length > textFrom + text.length) {
      textFrom = at
      text = octets.toString('latin1', at, Math.min(octets.length, at + TEXT_OCTETS))
    }
    const name = text.slice(at + 2 - textFrom, at + 2 - textFrom + length) as DomainName
    yield { kind: PACKED_KINDS[octets[at + 1]!]!, name }
    at += length + 2
  }
}
