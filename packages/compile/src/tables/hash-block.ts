import type { PatternCursor } from './pattern-cursor.ts'
import { firstSlot } from './slots.ts'
import type { SuffixHash } from './suffix-hash.ts'

/** The lines of memory of so many names stay in the nearest caches. */
const NAMES = 2048

/**
 * Hashes of the next names. Entering a name is a wait for memory, one after the other; to look at the slots of many names first,
 * and do nothing else, makes a processor wait for many at once.
 */
export class HashBlock {
  readonly low: Uint32Array = new Uint32Array(NAMES)
  readonly high: Uint32Array = new Uint32Array(NAMES)
  readonly kinds: Uint8Array = new Uint8Array(NAMES)
  #count = 0
  /** Kept, so that what was looked at is not left out as unused. */
  seen = 0

  /** How many there are; 0 at the end. */
  take(cursor: PatternCursor, hash: SuffixHash): number {
    let count = 0
    while (count < NAMES) {
      const kind = cursor.next()
      if (kind < 0) break
      this.low[count] = hash.low[hash.count - 1]!
      this.high[count] = hash.high[hash.count - 1]!
      this.kinds[count++] = kind
    }
    this.#count = count
    return count
  }

  /** `filter` has a bit for what is left of a hash without its last `shift` bits. */
  fetch(hashes: Uint32Array, ids: Uint16Array | Uint32Array, filter: Uint32Array, shift: number): void {
    let seen = 0
    for (let at = 0; at < this.#count; at++) {
      const low = this.low[at]!
      const slot = firstSlot(hashes, low) * 2
      seen ^= hashes[slot]! ^ ids[slot]! ^ filter[(low >>> shift) >>> 5]!
    }
    this.seen = seen
  }
}
