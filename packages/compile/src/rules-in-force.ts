import { inForce, type Policy, type World } from '@sallyport/policy'
import type { NameCondition } from './diagram/condition.ts'
import { ConditionSet } from './diagram/condition-set.ts'
import type { Item } from './diagram/item.ts'
import { itemsOfPolicy } from './diagram/items-of-policy.ts'
import { NAME } from './diagram/variable.ts'
import { collectNameAtoms, type NameAtoms } from './tables/name-atoms.ts'

/** The rules in force at one time, as conjunctions of conditions. */
export type RulesInForce = { readonly conditions: ConditionSet; readonly items: readonly Item[] }

export function rulesInForce(policy: Policy, world: World, atMs: number): RulesInForce {
  const conditions = new ConditionSet()
  return { items: itemsOfPolicy(policy, world, (rule) => inForce(rule, atMs), conditions), conditions }
}

/** The lists of names that rules ask for at any time, so that one table serves whichever are in force. */
export function namesEverAskedFor(policy: Policy, world: World): NameAtoms {
  const conditions = new ConditionSet()
  itemsOfPolicy(policy, world, () => true, conditions)
  return nameAtomsOf(conditions)
}

export function nameAtomsOf(conditions: ConditionSet): NameAtoms {
  return collectNameAtoms(conditions.of(NAME) as readonly NameCondition[])
}
