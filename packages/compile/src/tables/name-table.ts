import type { DomainName } from '@sallyport/net'
import type { DomainPatterns } from '@sallyport/policy'
import { AtomSets } from './atom-sets.ts'
import { SuffixHash, type HashSeed } from './suffix-hash.ts'

/** Patterns of one list, and holes in it; `atom` identifies the list. They are walked twice and not kept. */
export type NameList = {
  readonly atom: number
  readonly patterns: DomainPatterns
  readonly except?: DomainPatterns
}

/** Lists that a pattern takes the name itself, or the names below it, out of. */
type Hole = { readonly self: number[]; readonly below: number[] }

/** Everything of a table, on shared memory: threads that get it by message look into one copy. */
export type NameTableImage = {
  readonly seed: HashSeed
  readonly entries: number
  readonly low: Uint32Array
  readonly high: Uint32Array
  /** Set of the name itself and of the names below it, both with what its ancestors give. */
  readonly self: Uint16Array | Uint32Array
  readonly below: Uint16Array | Uint32Array
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

/** A suffix hash: a million names cost no strings. */
export function buildNameTable(lists: readonly NameList[], seed: HashSeed): NameTable {
  return openNameTable(new Builder(lists, seed).image())
}

export function openNameTable(image: NameTableImage): NameTable {
  const { low, high, self, below, sets, entries } = image
  const hash = new SuffixHash(image.seed)
  const lookUp = (): number => {
    const whole = hash.count - 1
    for (let suffix = whole; suffix >= 0; suffix--) {
      const slot = slotOf(low, high, hash.low[suffix]!, hash.high[suffix]!)
      if (high[slot] !== 0) return suffix === whole ? self[slot]! : below[slot]!
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

/** The slot of a hash, or the empty one where it would go. */
function slotOf(low: Uint32Array, high: Uint32Array, wantedLow: number, wantedHigh: number): number {
  let slot = Math.floor((wantedLow / 0x1_0000_0000) * low.length)
  while (high[slot] !== 0 && (low[slot] !== wantedLow || high[slot] !== wantedHigh)) {
    slot = slot + 1 === low.length ? 0 : slot + 1
  }
  return slot
}

// 12 octets a slot: 19 MB for a million names, and 3 to 4 slots looked at for a name that is not there.
const LOAD = 0.64
const SHORT_IDS = 0x1_0000

class Builder {
  readonly #sets = new AtomSets()
  readonly #hash: SuffixHash
  readonly #seed: HashSeed
  readonly #low: Uint32Array
  readonly #high: Uint32Array
  #self: Uint16Array | Uint32Array
  #below: Uint16Array | Uint32Array
  #entries = 0
  #inherits = false
  /** By slot; exceptions are few. */
  readonly #holes = new Map<number, Hole>()

  constructor(lists: readonly NameList[], seed: HashSeed) {
    const total = lists.reduce((sum, { patterns, except }) => sum + patterns.length + (except?.length ?? 0), 0)
    const slots = Math.max(16, Math.ceil(total / LOAD))
    this.#hash = new SuffixHash(seed)
    this.#seed = seed
    this.#low = new Uint32Array(new SharedArrayBuffer(slots * 4))
    this.#high = new Uint32Array(new SharedArrayBuffer(slots * 4))
    this.#self = new Uint16Array(new SharedArrayBuffer(slots * 2))
    this.#below = new Uint16Array(new SharedArrayBuffer(slots * 2))
    for (const list of lists) this.#enter(list)
    if (this.#inherits) this.#inherit(lists)
  }

  image(): NameTableImage {
    return {
      seed: this.#seed,
      entries: this.#entries,
      low: this.#low,
      high: this.#high,
      self: this.#self,
      below: this.#below,
      sets: this.#sets.all,
    }
  }

  #enter({ atom, patterns, except }: NameList): void {
    for (const { kind, name } of patterns) {
      const slot = this.#slotFor(name)
      if (kind !== 'below') this.#self[slot] = this.#fit(this.#sets.add(this.#self[slot]!, atom))
      if (kind !== 'name') {
        this.#below[slot] = this.#fit(this.#sets.add(this.#below[slot]!, atom))
        this.#inherits = true
      }
    }
    for (const { kind, name } of except ?? []) {
      const slot = this.#slotFor(name)
      const hole = this.#holes.get(slot) ?? { self: [], below: [] }
      if (kind !== 'below') hole.self.push(atom)
      if (kind !== 'name') hole.below.push(atom)
      this.#holes.set(slot, hole)
      this.#inherits = true
    }
  }

  /** Ancestors are read from the lists' own sets, so inherited sets go to copies. */
  #inherit(lists: readonly NameList[]): void {
    const ownSelf = this.#self.slice()
    const ownBelow = this.#below.slice()
    for (const { patterns, except } of lists) {
      for (const part of [patterns, except ?? []]) for (const { name } of part) this.#inheritAt(name, ownSelf, ownBelow)
    }
  }

  #inheritAt(name: DomainName, ownSelf: Uint16Array | Uint32Array, ownBelow: Uint16Array | Uint32Array): void {
    this.#hash.ofText(name)
    let inherited = 0
    for (let suffix = 0; suffix < this.#hash.count - 1; suffix++) {
      const above = this.#slot(suffix)
      inherited = this.#sets.union(inherited, ownBelow[above]!)
      if (this.#holes.size > 0) inherited = this.#sets.without(inherited, this.#holes.get(above)?.below)
    }
    const slot = this.#slot(this.#hash.count - 1)
    const hole = this.#holes.get(slot)
    if (inherited === 0 && hole === undefined) return
    // Both ids before either is stored: storing may widen the arrays.
    const self = this.#fit(this.#sets.without(this.#sets.union(ownSelf[slot]!, inherited), hole?.self))
    const below = this.#fit(this.#sets.without(this.#sets.union(ownBelow[slot]!, inherited), hole?.below))
    this.#self[slot] = self
    this.#below[slot] = below
  }

  /** The slot of a name, entered when it was not there. */
  #slotFor(name: DomainName): number {
    this.#hash.ofText(name)
    const suffix = this.#hash.count - 1
    const slot = this.#slot(suffix)
    if (this.#high[slot] === 0) {
      this.#low[slot] = this.#hash.low[suffix]!
      this.#high[slot] = this.#hash.high[suffix]!
      this.#entries++
    }
    return slot
  }

  #slot(suffix: number): number {
    return slotOf(this.#low, this.#high, this.#hash.low[suffix]!, this.#hash.high[suffix]!)
  }

  /** Sixteen bits hold the ids until there are more sets. */
  #fit(id: number): number {
    if (id >= SHORT_IDS && this.#self.BYTES_PER_ELEMENT === 2) {
      this.#self = widened(this.#self)
      this.#below = widened(this.#below)
    }
    return id
  }
}

function widened(ids: Uint16Array | Uint32Array): Uint32Array {
  const wide = new Uint32Array(new SharedArrayBuffer(ids.length * 4))
  wide.set(ids)
  return wide
}
