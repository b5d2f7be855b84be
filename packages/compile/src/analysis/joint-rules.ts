import type { Flow, Policy, World } from '@sallyport/policy'
import { portBoundaries } from '../compiled-rules.ts'
import { ClassTables } from '../diagram/class-tables.ts'
import { ConditionSet } from '../diagram/condition-set.ts'
import { Diagram } from '../diagram/diagram.ts'
import { FactClasses } from '../diagram/fact-classes.ts'
import { itemsOfPolicy } from '../diagram/items-of-policy.ts'
import { ValueSpace } from './value-space.ts'

/** Several policies over the same classes, so that their diagrams can be walked side by side. */
export type JointRules = {
  readonly diagrams: readonly Diagram[]
  readonly values: ValueSpace
  readonly tables: ClassTables
  readonly classOf: (variable: number, flow: Flow) => number
}

export function jointRules(policies: readonly Policy[], world: World, atMs: number): JointRules {
  const conditions = new ConditionSet()
  const lists = policies.map((policy) => itemsOfPolicy(policy, world, atMs, conditions))
  const tables = new ClassTables(conditions, policies.flatMap(portBoundaries), world, [0, 0])
  const facts = new FactClasses(tables)
  return {
    diagrams: lists.map((items) => new Diagram(items, tables.spaces)),
    values: new ValueSpace(conditions, tables, facts),
    tables,
    classOf: (variable, flow) => facts.classOf(variable, flow),
  }
}
