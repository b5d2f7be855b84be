import type { NameCondition } from '../diagram/condition.ts'
import type { NameList } from './name-table.ts'

/** The name lists behind name conditions: each distinct list is an atom. */
export type NameAtoms = {
  readonly lists: readonly NameList[]
  /** Atom → what the list is known by, whatever conditions ask for it. */
  readonly keys: readonly string[]
  readonly atomOf: (key: string) => number
  /** Atom → ids of the conditions that ask for it. */
  readonly conditionsOf: readonly (readonly number[])[]
}

export function collectNameAtoms(conditions: readonly NameCondition[]): NameAtoms {
  const ids = new Map<string, number>()
  const lists: NameList[] = []
  const conditionsOf: number[][] = []
  for (const { id, alternatives } of conditions) {
    for (const { key, patterns, except } of alternatives.flat()) {
      let atom = ids.get(key)
      if (atom === undefined) {
        atom = lists.length
        ids.set(key, atom)
        lists.push({ atom, patterns, ...(except && { except }) })
        conditionsOf.push([])
      }
      conditionsOf[atom]!.push(id)
    }
  }
  return { lists, keys: [...ids.keys()], conditionsOf, atomOf: (key) => ids.get(key) ?? -1 }
}
