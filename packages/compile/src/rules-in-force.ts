import type { Policy, World } from '@sallyport/policy'
import type { NameCondition } from './diagram/condition.ts'
import { ConditionSet } from './diagram/condition-set.ts'
import type { Item } from './diagram/item.ts'
import { itemsOfPolicy } from './diagram/items-of-policy.ts'
import { NAME } from './diagram/variable.ts'
import { collectNameAtoms } from './tables/name-atoms.ts'
import type { NameList } from './tables/name-table.ts'

/** The rules in force at one time, as conjunctions of conditions. */
export type RulesInForce = { readonly conditions: ConditionSet; readonly items: readonly Item[] }

export function rulesInForce(policy: Policy, world: World, atMs: number): RulesInForce {
  const conditions = new ConditionSet()
  return { items: itemsOfPolicy(policy, world, atMs, conditions), conditions }
}

/** The lists of names that the conditions ask for: what a table of names is built of. */
export function nameListsOf(conditions: ConditionSet): readonly NameList[] {
  return collectNameAtoms(conditions.of(NAME) as readonly NameCondition[]).lists
}
