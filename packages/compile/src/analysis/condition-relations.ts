import type { Item } from '../diagram/item.ts'
import { ADDRESS, NAME, PORT, VARIABLES } from '../diagram/variable.ts'
import type { ClassSpace } from '../diagram/class-space.ts'
import type { ValueSpace } from './value-space.ts'

/** Those that tell most items apart come first. */
const ORDER = [NAME, ADDRESS, PORT, ...VARIABLES.keys()]

/** What conditions say of each other, told from the values of their variable: which follow, which can hold together. */
export class ConditionRelations {
  readonly #values: ValueSpace
  readonly #spaces: readonly ClassSpace[]
  readonly #implied: Map<number, ReadonlySet<number>>[] = VARIABLES.map(() => new Map())

  readonly #met: Map<number, ReadonlySet<number>>[] = VARIABLES.map(() => new Map())

  constructor(values: ValueSpace, spaces: readonly ClassSpace[]) {
    this.#values = values
    this.#spaces = spaces
  }

  /** Whether every flow that satisfies `narrow` satisfies `wide`. */
  covers(wide: Item, narrow: Item): boolean {
    for (const variable of ORDER) {
      const wanted = wide.conditions[variable]
      if (wanted === undefined) continue
      const given = narrow.conditions[variable]
      if (given === undefined) return false
      if (given.id !== wanted.id && !this.#impliedBy(variable, given.id).has(wanted.id)) return false
    }
    return true
  }

  /** Whether some flow may satisfy both, under one name or two. */
  meet(a: Item, b: Item): boolean {
    for (const variable of ORDER) {
      const [one, other] = [a.conditions[variable], b.conditions[variable]]
      if (one === undefined || other === undefined || one.id === other.id || variable === NAME) continue
      if (!this.#metBy(variable, one.id).has(other.id)) return false
    }
    return true
  }

  #metBy(variable: number, id: number): ReadonlySet<number> {
    const known = this.#met[variable]!.get(id)
    if (known) return known
    const space = this.#spaces[variable]!
    const met = new Set<number>()
    for (const value of this.#values.index(variable).satisfying([id])) {
      const { yes, maybe } = space.get(value.class)
      for (const each of yes) met.add(each)
      for (const each of maybe) met.add(each)
    }
    this.#met[variable]!.set(id, met)
    return met
  }

  /** Nothing is said to follow from what no value satisfies. */
  #impliedBy(variable: number, id: number): ReadonlySet<number> {
    const known = this.#implied[variable]!.get(id)
    if (known) return known
    const space = this.#spaces[variable]!
    let implied: ReadonlySet<number> | null = null
    for (const value of this.#values.index(variable).satisfying([id])) {
      const { yes } = space.get(value.class)
      implied = implied === null ? new Set(yes) : new Set(yes.filter((each) => implied!.has(each)))
    }
    const all = implied ?? new Set<number>()
    this.#implied[variable]!.set(id, all)
    return all
  }
}
