import { inForce, type Policy, type Rule, type World } from '@sallyport/policy'
import type { NameCondition } from './diagram/condition.ts'
import { ConditionSet } from './diagram/condition-set.ts'
import type { Item } from './diagram/item.ts'
import { itemsOfPolicy } from './diagram/items-of-policy.ts'
import { NAME } from './diagram/variable.ts'
import { collectNameAtoms, type NameAtoms } from './tables/name-atoms.ts'

/** The rules in force at one time, as conjunctions of conditions. */
export type RulesInForce = { readonly conditions: ConditionSet; readonly items: readonly Item[] }

export function rulesInForce(policy: Policy, world: World, atMs: number): RulesInForce {
  return countedRules(policy, world, (rule) => inForce(rule, atMs))
}

/** In force or not: one table of the names that they ask for serves whichever are. */
export function everyRule(policy: Policy, world: World): RulesInForce {
  return countedRules(policy, world, () => true)
}

function countedRules(policy: Policy, world: World, counts: (rule: Rule) => boolean): RulesInForce {
  const conditions = new ConditionSet()
  return { items: itemsOfPolicy(policy, world, counts, conditions), conditions }
}

export function nameAtomsOf(conditions: ConditionSet): NameAtoms {
  return collectNameAtoms(conditions.of(NAME) as readonly NameCondition[])
}
