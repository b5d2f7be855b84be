import type { Ternary } from '@sallyport/policy'
import type { Condition } from './condition.ts'

/** What a class of values says to each condition of its variable: listed ids hold or may hold, all others do not. */
type ValueClass = { readonly yes: readonly number[]; readonly maybe: readonly number[] }

/** The classes of one variable: two values that no condition tells apart are in the same class. */
export class ClassSpace {
  readonly #ids = new Map<string, number>()
  readonly #classes: ValueClass[] = []

  /** Both lists ascending. */
  intern(yes: readonly number[], maybe: readonly number[]): number {
    const key = `${yes.join()}|${maybe.join()}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#classes.length
    this.#classes.push({ yes, maybe })
    this.#ids.set(key, id)
    return id
  }

  internBy(conditions: readonly Condition[], evaluate: (condition: Condition) => Ternary): number {
    const yes: number[] = []
    const maybe: number[] = []
    for (const condition of conditions) {
      const value = evaluate(condition)
      if (value === 'yes') yes.push(condition.id)
      else if (value === 'maybe') maybe.push(condition.id)
    }
    return this.intern(yes, maybe)
  }

  get(id: number): ValueClass {
    const found = this.#classes[id]
    if (found === undefined) throw new Error(`no class ${id}`)
    return found
  }

  get size(): number {
    return this.#classes.length
  }
}
