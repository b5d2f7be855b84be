import type { DomainName } from '@sallyport/net'
import type { DomainPatterns, PackedPatterns } from '@sallyport/policy'
import { NameTableBuilder } from './name-table-builder.ts'
import { slotOf } from './slots.ts'
import { SuffixHash, type HashSeed } from './suffix-hash.ts'

/** Patterns of one list, and holes in it; `atom` identifies the list. They are walked twice and not kept. */
export type NameList = {
  readonly atom: number
  readonly patterns: DomainPatterns | PackedPatterns
  readonly except?: DomainPatterns | PackedPatterns
}

/** Everything of a table, on shared memory: threads that get it by message look into one copy. */
export type NameTableImage = {
  readonly seed: HashSeed
  readonly entries: number
  /** Of each slot the low and the high half, side by side: a look-up waits for memory once. */
  readonly hashes: Uint32Array
  /** Of each slot the set of the name itself and of the names below it, both with what its ancestors give. */
  readonly ids: Uint16Array | Uint32Array
  readonly sets: readonly (readonly number[])[]
}

/** Name → the id of the set of lists that hold it; 0 is the empty set. */
export type NameTable = {
  readonly find: (name: DomainName) => number
  /** As `find`, for the name at `start` of a message; -1 when it is no plain host name: look its text up. */
  readonly findWire: (bytes: Uint8Array, start: number) => number
  /** Lists of a set id, ascending. */
  readonly atomsOf: (setId: number) => readonly number[]
  readonly setCount: number
  readonly entries: number
  readonly image: NameTableImage
}

/** A table, and what each of its lists is known by: those that nobody asks for at the moment may be among them. */
export type KeyedNames = { readonly table: NameTable; readonly keys: readonly string[] }

/** A suffix hash: a million names cost no strings. */
export function buildNameTable(lists: readonly NameList[], seed: HashSeed): NameTable {
  const builder = new NameTableBuilder(lists, seed)
  return openNameTable(builder.build())
}

export function openNameTable(image: NameTableImage): NameTable {
  const { hashes, ids, sets, entries } = image
  const hash = new SuffixHash(image.seed)
  const lookUp = (): number => {
    const whole = hash.count - 1
    for (let suffix = whole; suffix >= 0; suffix--) {
      const at = slotOf(hashes, hash.low[suffix]!, hash.high[suffix]!) * 2
      if (hashes[at + 1] !== 0) return suffix === whole ? ids[at]! : ids[at + 1]!
    }
    return 0
  }
  return {
    find: (name) => {
      hash.ofText(name)
      return lookUp()
    },
    findWire: (bytes, start) => (hash.ofWire(bytes, start) < 0 ? -1 : lookUp()),
    atomsOf: (setId) => sets[setId] ?? [],
    setCount: sets.length,
    entries,
    image,
  }
}
