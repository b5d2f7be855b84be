import { ALL_IPV4, ALL_IPV6, lastAddress, type Address, type Prefix } from '@sallyport/net'

export type AddressEntry = { readonly prefix: Prefix; readonly atom: number }

/** Prefixes with the class of the addresses that no longer prefix covers, ascending; and the same as disjoint ranges. */
export type AddressTable = {
  readonly prefixes: readonly Prefix[]
  readonly classes: Uint32Array
  readonly find: (address: Address) => number
  /** First address of each disjoint range, ascending, with its class. */
  readonly ranges: () => readonly { readonly start: Address; readonly class: number }[]
}

/**
 * One sweep over the sorted prefixes with the enclosing ones on a stack. IPv4 lies inside the 128-bit space at
 * ::ffff:0:0/96 but inherits nothing from an IPv6 prefix around it.
 */
export function buildAddressTable(
  entries: readonly AddressEntry[],
  classOf: (atoms: readonly number[], prefix: Prefix) => number,
): AddressTable {
  const prefixes: Prefix[] = []
  const classes: number[] = []
  const ranges = new RangeWriter()
  const stack: { readonly prefix: Prefix; readonly atoms: readonly number[]; readonly class: number }[] = []
  const closeBefore = (prefix: Prefix | null): void => {
    for (let top = stack.at(-1); top && (prefix === null || !encloses(top.prefix, prefix)); top = stack.at(-1)) {
      stack.pop()
      const parent = stack.at(-1)
      if (parent) ranges.startAfter(lastAddress(top.prefix), parent.class)
    }
  }
  for (const { prefix, atoms: own } of groupByPrefix(entries)) {
    closeBefore(prefix)
    const enclosing = stack.at(-1)
    const inherited = enclosing && !(prefix.length === 96 && isIpv4Root(prefix)) ? enclosing.atoms : []
    const atoms = own.length === 0 ? inherited : [...new Set([...inherited, ...own])].sort((a, b) => a - b)
    const valueClass = classOf(atoms, prefix)
    stack.push({ prefix, atoms, class: valueClass })
    ranges.start(prefix.address, valueClass)
    prefixes.push(prefix)
    classes.push(valueClass)
  }
  closeBefore(null)
  return { prefixes, classes: Uint32Array.from(classes), find: ranges.finder(), ranges: () => ranges.list() }
}

function isIpv4Root(prefix: Prefix): boolean {
  return compareWords(prefix.address.words, ALL_IPV4.address.words) === 0
}

function encloses(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && compareWords(inner.address.words, lastAddress(outer).words) <= 0
}

function groupByPrefix(
  entries: readonly AddressEntry[],
): readonly { readonly prefix: Prefix; readonly atoms: readonly number[] }[] {
  const sorted = [...entries, { prefix: ALL_IPV6, atom: -1 }, { prefix: ALL_IPV4, atom: -1 }].sort(
    (a, b) => compareWords(a.prefix.address.words, b.prefix.address.words) || a.prefix.length - b.prefix.length,
  )
  const groups: { prefix: Prefix; atoms: number[] }[] = []
  for (const { prefix, atom } of sorted) {
    const last = groups.at(-1)
    const same =
      last &&
      last.prefix.length === prefix.length &&
      compareWords(last.prefix.address.words, prefix.address.words) === 0
    const group = same ? last : { prefix, atoms: [] }
    if (!same) groups.push(group)
    if (atom >= 0) group.atoms.push(atom)
  }
  return groups
}

function compareWords(a: Address['words'], b: Address['words']): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}

/** Collects range starts in ascending order; a later write at the same start replaces the earlier. */
class RangeWriter {
  readonly #starts: Address['words'][] = []
  readonly #classes: number[] = []

  start(address: Address, valueClass: number): void {
    const last = this.#starts.at(-1)
    if (last && compareWords(last, address.words) === 0) this.#classes[this.#classes.length - 1] = valueClass
    else if (this.#classes.at(-1) !== valueClass || last === undefined) {
      this.#starts.push(address.words)
      this.#classes.push(valueClass)
    }
  }

  startAfter(address: Address, valueClass: number): void {
    const words = [...address.words] as [number, number, number, number]
    for (let at = 3; at >= 0; at--) {
      if (words[at as 0] !== 0xffffffff) {
        words[at as 0]++
        this.start({ words }, valueClass)
        return
      }
      words[at as 0] = 0
    }
  }

  list(): readonly { readonly start: Address; readonly class: number }[] {
    return this.#starts.map((words, at) => ({ start: { words }, class: this.#classes[at]! }))
  }

  finder(): (address: Address) => number {
    const words = Uint32Array.from(this.#starts.flat())
    const classes = Uint32Array.from(this.#classes)
    return ({ words: [a, b, c, d] }) => {
      let low = 0
      let high = classes.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        const at = middle * 4
        const difference = words[at]! - a || words[at + 1]! - b || words[at + 2]! - c || words[at + 3]! - d
        if (difference <= 0) low = middle
        else high = middle - 1
      }
      return classes[low]!
    }
  }
}
