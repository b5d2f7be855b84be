import type { DomainName, DomainPattern } from '@sallyport/net'

/** Patterns of one list; `atom` identifies the list. */
export type NameList = { readonly atom: number; readonly patterns: readonly DomainPattern[] }

/** Name → the id of the set of lists that hold it; 0 is the empty set. */
export type NameTable = {
  readonly find: (name: DomainName) => number
  /** Lists of a set id, ascending. */
  readonly atomsOf: (setId: number) => readonly number[]
  readonly setCount: number
  readonly entries: number
}

/**
 * A suffix hash: two 32-bit hashes stand for a name, so a million names cost no strings. Each entry has the set of the
 * name itself and the set of the names below it, both with what its ancestors give.
 */
export function buildNameTable(lists: readonly NameList[], seed: number): NameTable {
  const sets = new AtomSets()
  const total = lists.reduce((sum, { patterns }) => sum + patterns.length, 0)
  const slots = slotsFor(total)
  const mask = slots - 1
  const low = new Uint32Array(slots)
  const high = new Uint32Array(slots)
  const self = new Uint32Array(slots)
  const below = new Uint32Array(slots)
  const hash = { low: 0, high: 0 }
  let entries = 0

  const slotOf = (): number => {
    let slot = hash.low & mask
    while ((low[slot] !== 0 || high[slot] !== 0) && (low[slot] !== hash.low || high[slot] !== hash.high)) {
      slot = (slot + 1) & mask
    }
    return slot
  }
  const eachEntry = (visit: (name: string, slot: number) => void): void => {
    for (const { patterns } of lists) {
      for (const { name } of patterns) {
        hashSuffix(name, 0, seed, hash)
        visit(name, slotOf())
      }
    }
  }

  for (const { atom, patterns } of lists) {
    for (const { kind, name } of patterns) {
      hashSuffix(name, 0, seed, hash)
      const slot = slotOf()
      if (low[slot] === 0 && high[slot] === 0) {
        low[slot] = hash.low
        high[slot] = hash.high
        entries++
      }
      if (kind !== 'below') self[slot] = sets.add(self[slot]!, atom)
      if (kind !== 'name') below[slot] = sets.add(below[slot]!, atom)
    }
  }
  // Ancestors are read from the lists' own sets, so inherited sets go to copies.
  const fullSelf = self.slice()
  const fullBelow = below.slice()
  eachEntry((name, slot) => {
    let inherited = 0
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      hashSuffix(name, dot + 1, seed, hash)
      inherited = sets.union(inherited, below[slotOf()]!)
    }
    fullSelf[slot] = sets.union(self[slot]!, inherited)
    fullBelow[slot] = sets.union(below[slot]!, inherited)
  })

  return {
    find: (name) => {
      let start = 0
      for (;;) {
        hashSuffix(name, start, seed, hash)
        const slot = slotOf()
        if (low[slot] !== 0 || high[slot] !== 0) return start === 0 ? fullSelf[slot]! : fullBelow[slot]!
        const dot = name.indexOf('.', start)
        if (dot < 0) return 0
        start = dot + 1
      }
    },
    atomsOf: (setId) => sets.atoms(setId),
    get setCount() {
      return sets.count
    },
    entries,
  }
}

function slotsFor(entries: number): number {
  let slots = 16
  while (slots < entries * 1.6) slots *= 2
  return slots
}

/** Seeded, so that nobody can prepare names that collide; (0, 0) marks an empty slot and is never a hash. */
function hashSuffix(name: string, start: number, seed: number, into: { low: number; high: number }): void {
  let a = (seed ^ 0x9e3779b9) | 0
  let b = (seed ^ 0x85ebca6b) | 0
  for (let at = start; at < name.length; at++) {
    const code = name.charCodeAt(at)
    a = Math.imul(a ^ code, 0x01000193)
    a = (a << 5) | (a >>> 27)
    b = Math.imul(b ^ code, 0xcc9e2d51)
    b = (b << 15) | (b >>> 17)
  }
  a = Math.imul(a ^ (a >>> 16), 0x7feb352d)
  b = Math.imul(b ^ (b >>> 15), 0x846ca68b)
  into.low = (a ^ (a >>> 15)) >>> 0
  into.high = ((b ^ (b >>> 16)) | 1) >>> 0
}

class AtomSets {
  readonly #sets: (readonly number[])[] = [[]]
  readonly #ids = new Map<string, number>([['', 0]])

  get count(): number {
    return this.#sets.length
  }

  atoms(id: number): readonly number[] {
    return this.#sets[id] ?? []
  }

  add(id: number, atom: number): number {
    return this.atoms(id).includes(atom) ? id : this.#intern([...this.atoms(id), atom].sort((a, b) => a - b))
  }

  union(a: number, b: number): number {
    if (b === 0 || a === b) return a
    return a === 0 ? b : this.#intern([...new Set([...this.atoms(a), ...this.atoms(b)])].sort((x, y) => x - y))
  }

  #intern(atoms: readonly number[]): number {
    const key = atoms.join()
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#sets.push(atoms)
    this.#ids.set(key, this.#sets.length - 1)
    return this.#sets.length - 1
  }
}
