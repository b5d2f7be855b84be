import type { ClassSpace } from '../diagram/class-space.ts'
import type { ClassValue } from './value-space.ts'

/** Up to this many values, all are looked at: what they have in common can then be said in their own words. */
export const FEW = 64

/** Values by the conditions that their class satisfies, so that a node costs what it asks and not what there is. */
export class ValueIndex<V extends ClassValue> {
  readonly values: readonly V[]
  readonly #byCondition = new Map<number, number[]>()

  constructor(values: readonly V[], space: ClassSpace) {
    this.values = values
    for (const [at, value] of values.entries()) {
      const { yes, maybe } = space.get(value.class)
      for (const id of [...yes, ...maybe]) {
        const list = this.#byCondition.get(id)
        if (list) list.push(at)
        else this.#byCondition.set(id, [at])
      }
    }
  }

  /** Values that satisfy one of the conditions. */
  satisfying(conditions: Iterable<number>): readonly V[] {
    return [...this.#positions(conditions)].map((at) => this.values[at]!)
  }

  /** Values that satisfy one of the conditions, and before them one that stands for all that satisfy none. */
  toldApart(
    conditions: Iterable<number>,
    other: { readonly few: number; readonly label: string; readonly mayStand: (value: V) => boolean },
  ): readonly V[] {
    if (this.values.length <= other.few) return this.values
    const told = this.#positions(conditions)
    const untold = this.values.find((value, at) => !told.has(at) && other.mayStand(value))
    const rest = [...told].map((at) => this.values[at]!)
    return untold === undefined ? rest : [{ ...untold, labels: [other.label] }, ...rest]
  }

  #positions(conditions: Iterable<number>): ReadonlySet<number> {
    const told = new Set<number>()
    for (const id of conditions) for (const at of this.#byCondition.get(id) ?? []) told.add(at)
    return told
  }
}
