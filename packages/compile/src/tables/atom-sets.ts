/** Sets of lists, each with one id; 0 is the empty set. */
export class AtomSets {
  readonly #sets: (readonly number[])[] = [[]]
  readonly #single: (number | undefined)[] = []
  readonly #ids = new Map<string, number>([['', 0]])

  get all(): readonly (readonly number[])[] {
    return this.#sets
  }

  add(id: number, atom: number): number {
    if (id === 0) return this.#alone(atom)
    const atoms = this.#sets[id]!
    return atoms.includes(atom) ? id : this.#intern([...atoms, atom].sort((a, b) => a - b))
  }

  union(a: number, b: number): number {
    if (b === 0 || a === b) return a
    if (a === 0) return b
    return this.#intern([...new Set([...this.#sets[a]!, ...this.#sets[b]!])].sort((x, y) => x - y))
  }

  without(id: number, atoms: readonly number[] | undefined): number {
    if (id === 0 || atoms === undefined) return id
    const rest = this.#sets[id]!.filter((atom) => !atoms.includes(atom))
    return rest.length === this.#sets[id]!.length ? id : this.#intern(rest)
  }

  /** Nearly all names are in one list, so these are found without making a set. */
  #alone(atom: number): number {
    return (this.#single[atom] ??= this.#intern([atom]))
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
