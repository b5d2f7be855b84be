import { PACKED_KINDS } from '@sallyport/policy'
import { AtomSets } from './atom-sets.ts'
import type { NameList, NameTableImage } from './name-table.ts'
import { HashBlock } from './hash-block.ts'
import { PatternCursor } from './pattern-cursor.ts'
import { slotOf } from './slots.ts'
import { SuffixHash, type HashSeed } from './suffix-hash.ts'

/** Lists that a pattern takes the name itself, or the names below it, out of. */
type Hole = { readonly self: number[]; readonly below: number[] }
type Ids = Uint16Array | Uint32Array
type Patterns = NameList['patterns']

// 12 octets a slot: 19 MB for a million names, and 3 to 4 slots looked at for a name that is not there.
const NAME = PACKED_KINDS.indexOf('name')
const BELOW = PACKED_KINDS.indexOf('below')
const LOAD = 0.64
const SHORT_IDS = 0x1_0000
/** Of the filter of names that have others below them, for each name: one in twelve of those that do not, passes. */
const FILTER_BITS = 12

/** Enters all names, then hands down to each what the names above it give. */
export class NameTableBuilder {
  readonly #sets = new AtomSets()
  readonly #hash: SuffixHash
  readonly #block = new HashBlock()
  readonly #seed: HashSeed
  readonly #lists: readonly NameList[]
  readonly #hashes: Uint32Array
  /** Of each slot the id of the name's own set, and of the set of the names below it. */
  #ids: Ids
  #entries = 0
  /** Names that give something to those below them. */
  readonly #givers: Uint32Array
  readonly #giverShift: number
  #gives = false
  /** By slot; exceptions are few. */
  readonly #holes = new Map<number, Hole>()

  constructor(lists: readonly NameList[], seed: HashSeed) {
    const total = lists.reduce((sum, { patterns, except }) => sum + patterns.length + (except?.length ?? 0), 0)
    const slots = Math.max(16, Math.ceil(total / LOAD))
    this.#hash = new SuffixHash(seed)
    this.#seed = seed
    this.#lists = lists
    this.#hashes = new Uint32Array(new SharedArrayBuffer(slots * 8))
    this.#ids = new Uint16Array(new SharedArrayBuffer(slots * 4))
    const filterBits = Math.min(32, Math.max(5, Math.ceil(Math.log2(total * FILTER_BITS + 1))))
    this.#givers = new Uint32Array(2 ** (filterBits - 5))
    this.#giverShift = 32 - filterBits
  }

  /** All of the work; once. */
  build(): NameTableImage {
    for (const { atom, patterns, except } of this.#lists) {
      this.#enterEach(patterns, atom, false)
      if (except !== undefined) this.#enterEach(except, atom, true)
    }
    if (this.#gives) this.#inheritAll()
    return {
      seed: this.#seed,
      entries: this.#entries,
      hashes: this.#hashes,
      ids: this.#ids,
      sets: this.#sets.all,
    }
  }

  #inheritAll(): void {
    // Ancestors are read from the lists' own sets, so inherited sets go to copies.
    const own = this.#ids.slice()
    for (const { patterns, except } of this.#lists) {
      this.#inheritEach(patterns, own)
      if (except !== undefined) this.#inheritEach(except, own)
    }
  }

  #enterEach(patterns: Patterns, atom: number, areHoles: boolean): void {
    const cursor = new PatternCursor(patterns, this.#hash)
    const alone = this.#sets.add(0, atom)
    const block = this.#block
    for (let count = block.take(cursor, this.#hash); count > 0; count = block.take(cursor, this.#hash)) {
      block.fetch(this.#hashes, this.#ids, this.#givers, this.#giverShift)
      for (let at = 0; at < count; at++) {
        const slot = this.#slotFor(block.low[at]!, block.high[at]!)
        if (areHoles) this.#enterHole(atom, slot, block.low[at]!, block.kinds[at]!)
        else this.#enter(atom, alone, slot, block.low[at]!, block.kinds[at]!)
      }
    }
  }

  #inheritEach(patterns: Patterns, own: Ids): void {
    const cursor = new PatternCursor(patterns, this.#hash)
    while (cursor.next() >= 0) this.#inherit(own)
  }

  /** `alone` is the set of this list alone, which nearly all names are in. */
  #enter(atom: number, alone: number, slot: number, low: number, kind: number): void {
    const at = slot * 2
    if (kind !== BELOW) this.#put(at, atom, alone)
    if (kind === NAME) return
    this.#put(at + 1, atom, alone)
    this.#markGiver(low)
  }

  #put(at: number, atom: number, alone: number): void {
    const before = this.#ids[at]!
    const id = this.#fit(before === 0 ? alone : this.#sets.add(before, atom))
    this.#ids[at] = id
  }

  #enterHole(atom: number, slot: number, low: number, kind: number): void {
    const hole = this.#holes.get(slot) ?? { self: [], below: [] }
    if (kind !== BELOW) hole.self.push(atom)
    if (kind !== NAME) hole.below.push(atom)
    this.#holes.set(slot, hole)
    this.#markGiver(low)
  }

  #markGiver(low: number): void {
    const bit = low >>> this.#giverShift
    this.#givers[bit >>> 5]! |= 1 << (bit & 31)
    this.#gives = true
  }

  #inherit(own: Ids): void {
    const { low, high, count } = this.#hash
    let inherited = 0
    for (let suffix = 0; suffix < count - 1; suffix++) {
      const bit = low[suffix]! >>> this.#giverShift
      if ((this.#givers[bit >>> 5]! & (1 << (bit & 31))) === 0) continue
      const above = slotOf(this.#hashes, low[suffix]!, high[suffix]!)
      inherited = this.#sets.union(inherited, own[above * 2 + 1]!)
      if (this.#holes.size > 0) inherited = this.#sets.without(inherited, this.#holes.get(above)?.below)
    }
    if (inherited === 0 && this.#holes.size === 0) return
    const slot = slotOf(this.#hashes, low[count - 1]!, high[count - 1]!)
    const hole = this.#holes.get(slot)
    if (inherited === 0 && hole === undefined) return
    const at = slot * 2
    // Both ids before either is stored: storing may widen the array.
    const self = this.#fit(this.#sets.without(this.#sets.union(own[at]!, inherited), hole?.self))
    const below = this.#fit(this.#sets.without(this.#sets.union(own[at + 1]!, inherited), hole?.below))
    this.#ids[at] = self
    this.#ids[at + 1] = below
  }

  /** The slot of a name, entered when it was not there. */
  #slotFor(low: number, high: number): number {
    const slot = slotOf(this.#hashes, low, high)
    if (this.#hashes[slot * 2 + 1] === 0) {
      this.#hashes[slot * 2] = low
      this.#hashes[slot * 2 + 1] = high
      this.#entries++
    }
    return slot
  }

  /** Sixteen bits hold the ids until there are more sets. */
  #fit(id: number): number {
    if (id >= SHORT_IDS && this.#ids.BYTES_PER_ELEMENT === 2) {
      const wide = new Uint32Array(new SharedArrayBuffer(this.#ids.length * 4))
      wide.set(this.#ids)
      this.#ids = wide
    }
    return id
  }
}
