import { inForce, type Flow, type Policy, type World } from '@sallyport/policy'
import { ClassTables } from '../diagram/class-tables.ts'
import { ConditionSet } from '../diagram/condition-set.ts'
import { Diagram } from '../diagram/diagram.ts'
import { FactClasses } from '../diagram/fact-classes.ts'
import { itemsOfPolicy } from '../diagram/items-of-policy.ts'
import type { Item } from '../diagram/item.ts'
import { nameAtomsOf } from '../rules-in-force.ts'
import { buildNameTable } from '../tables/name-table.ts'
import { ConditionRelations } from './condition-relations.ts'
import { NodeSignatures } from './node-signatures.ts'
import { ValueSpace } from './value-space.ts'

/** Several policies over the same classes, so that their diagrams can be walked side by side. */
export type JointRules = {
  readonly diagrams: readonly Diagram[]
  readonly values: ValueSpace
  readonly tables: ClassTables
  readonly signatures: NodeSignatures
  readonly relations: ConditionRelations
  readonly classOf: (variable: number, flow: Flow) => number
  /** A diagram of some items of the first policy, in their order. */
  readonly reduced: (keep: (item: Item, index: number) => boolean) => Diagram
}

export function jointRules(policies: readonly Policy[], world: World, atMs: number): JointRules {
  const conditions = new ConditionSet()
  const lists = policies.map((policy) => itemsOfPolicy(policy, world, (rule) => inForce(rule, atMs), conditions))
  const { lists: names, keys } = nameAtomsOf(conditions)
  const tables = new ClassTables(conditions, world, { table: buildNameTable(names, [0, 0]), keys })
  const facts = new FactClasses(tables)
  const values = new ValueSpace(conditions, tables, facts)
  return {
    diagrams: lists.map((items) => new Diagram(items, tables.spaces)),
    values,
    tables,
    signatures: new NodeSignatures(),
    relations: new ConditionRelations(values, tables.spaces),
    classOf: (variable, flow) => facts.classOf(variable, flow),
    reduced: (keep) => new Diagram(reducedItems(lists[0]!, keep), tables.spaces),
  }
}

/** Skips land where they did. */
function reducedItems(items: readonly Item[], keep: (item: Item, index: number) => boolean): readonly Item[] {
  const kept = items.filter(keep)
  const landings = new Int32Array(items.length + 1)
  for (let at = 0, count = 0; at <= items.length; at++) {
    landings[at] = count
    if (at < items.length && kept[count] === items[at]) count++
  }
  return kept.map((item) =>
    item.target.kind === 'act' ? item : { ...item, target: { kind: 'skip', to: landings[item.target.to]! } },
  )
}
