import type { Condition } from './condition.ts'
import type { Variable } from './variable.ts'
import { VARIABLES } from './variable.ts'

type Distribute<T> = T extends Condition ? Omit<T, 'id'> : never
type NewCondition = Distribute<Condition>

/** Conditions, each once: two that are written alike are the same one. */
export class ConditionSet {
  readonly #byKey = new Map<string, Condition>()
  readonly #byVariable: Condition[][] = VARIABLES.map(() => [])

  intern(key: string, condition: NewCondition): Condition {
    const fullKey = `${condition.variable} ${key}`
    const known = this.#byKey.get(fullKey)
    if (known) return known
    const list = this.#byVariable[condition.variable]!
    const added = { ...condition, id: list.length } as Condition
    list.push(added)
    this.#byKey.set(fullKey, added)
    return added
  }

  of(variable: Variable): readonly Condition[] {
    return this.#byVariable[variable]!
  }
}
