import type { DomainPattern } from '@sallyport/net'
import { PACKED_KINDS, type DomainPatterns, type PackedPatterns } from '@sallyport/policy'
import type { SuffixHash } from './suffix-hash.ts'

/** Walks patterns with the hashes of each name; packed ones without making a text of any. */
export class PatternCursor {
  readonly #hash: SuffixHash
  readonly #packed: Uint8Array | null
  readonly #patterns: Iterator<DomainPattern> | null
  #at = 0

  constructor(patterns: DomainPatterns | PackedPatterns, hash: SuffixHash) {
    this.#hash = hash
    this.#packed = patterns.packed?.() ?? null
    this.#patterns = Symbol.iterator in patterns && this.#packed === null ? patterns[Symbol.iterator]() : null
  }

  /** The kind of the next pattern as its place in `PACKED_KINDS`; the hash then holds its name. -1 at the end. */
  next(): number {
    const octets = this.#packed
    if (octets === null) return this.#nextObject()
    const from = this.#at + 2
    if (from > octets.length) return -1
    const to = from + octets[from - 2]!
    this.#at = to
    this.#hash.ofOctets(octets, from, to)
    return octets[from - 1]!
  }

  #nextObject(): number {
    const next = this.#patterns!.next()
    if (next.done === true) return -1
    this.#hash.ofText(next.value.name)
    return PACKED_KINDS.indexOf(next.value.kind)
  }
}
