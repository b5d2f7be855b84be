import {
  defaultOutcome,
  matchHttp,
  matchSubjectKey,
  holds,
  ruleOutcome,
  type Policy,
  type Polarity,
  type Rule,
  type SubjectTerm,
  type World,
} from '@sallyport/policy'
import type { Condition, ConditionSource } from './condition.ts'
import type { ConditionSet } from './condition-set.ts'
import { addressCondition, destinationConjunctions } from './destination-conjunctions.ts'
import type { ItemRange } from './diagram.ts'
import type { Conjunction, Item } from './item.ts'
import { portConditions } from './port-conditions.ts'
import { variable, VARIABLES, type VariableName } from './variable.ts'

const SUBJECT_VARIABLES: { readonly [K in keyof SubjectTerm]-?: VariableName } = {
  device: 'device',
  tag: 'tags',
  posture: 'posture',
  user: 'user',
  group: 'groups',
  app: 'app',
  unit: 'unit',
  container: 'container',
  network: 'network',
}

type FlowEvaluation = Extract<Condition, { kind: 'flow' }>['evaluate']

/** The policy as one ordered list of conjunctions, without the rules that are not counted in. */
export function itemsOfPolicy(
  policy: Policy,
  world: World,
  counts: (rule: Rule) => boolean,
  conditions: ConditionSet,
): readonly Item[] {
  const items: Item[] = []
  let rank = 0
  for (const layer of policy.layers) {
    const passes: Item[] = []
    for (const rule of layer.rules) {
      const outcome = ruleOutcome(rank++, rule, layer)
      if (!counts(rule)) continue
      const exceptions = exceptionsOf(rule, world, conditions).map((parts) => skip(parts, rule))
      items.push(...exceptions)
      for (const parts of conjunctionsOf(rule, world, conditions)) {
        const item = rule.action === 'pass' ? skip(parts, rule) : act(parts, outcome)
        if (rule.action === 'pass') passes.push(item)
        items.push(item)
      }
      for (const item of exceptions) setTarget(item, items.length)
    }
    for (const item of passes) setTarget(item, items.length)
  }
  const metadata = addressCondition([[{ kind: 'metadata' }]], 'deny', world, conditions)
  items.push(act([metadata], defaultOutcome(policy, true)), act([], defaultOutcome(policy, false)))
  return items
}

function act(parts: Conjunction, outcome: ReturnType<typeof ruleOutcome>): Item {
  return { ...spread(parts), rule: outcome.rule, target: { kind: 'act', outcome } }
}

function skip(parts: Conjunction, rule: Rule): Item {
  return { ...spread(parts), rule, target: { kind: 'skip', to: -1 } }
}

function setTarget(item: Item, to: number): void {
  if (item.target.kind === 'skip') item.target.to = to
}

function spread(parts: Conjunction): Pick<Item, 'conditions' | 'last'> {
  const conditions = new Array<Condition | undefined>(VARIABLES.length).fill(undefined)
  for (const part of parts) conditions[part.variable] = part
  return { conditions, last: parts.reduce((last, part) => Math.max(last, part.variable), -1) }
}

function exceptionsOf(rule: Rule, world: World, conditions: ConditionSet): readonly Conjunction[] {
  const opposite: Polarity = rule.action === 'deny' ? 'allow' : 'deny'
  return [
    ...subjectConjunctions(rule.exceptFrom, conditions),
    ...destinationConjunctions(rule.exceptTo, null, opposite, rule.assurance, world, conditions),
  ]
}

function conjunctionsOf(rule: Rule, world: World, conditions: ConditionSet): readonly Conjunction[] {
  const polarity: Polarity = rule.action === 'deny' ? 'deny' : 'allow'
  const subjects = rule.from === null ? [[]] : subjectConjunctions(rule.from, conditions)
  const destinations =
    rule.to === null
      ? [
          [
            ...portConditions(rule.ports === null ? [] : [rule.ports], conditions),
            ...(polarity === 'allow' ? [addressCondition([[]], polarity, world, conditions)] : []),
          ],
        ]
      : destinationConjunctions(rule.to, rule.ports, polarity, rule.assurance, world, conditions)
  const others = otherConditions(rule, conditions)
  return subjects.flatMap((subject) => destinations.map((destination) => [...subject, ...destination, ...others]))
}

function otherConditions(rule: Rule, conditions: ConditionSet): Conjunction {
  const { protocol, http, content } = rule
  const flow = (name: VariableName, source: ConditionSource, evaluate: FlowEvaluation): Condition =>
    conditions.intern(JSON.stringify(source), { kind: 'flow', variable: variable(name), source, evaluate })
  return [
    ...(protocol
      ? [
          flow('protocol', { kind: 'protocol', protocols: protocol }, (facts) =>
            holds(facts.protocol, (p) => protocol.includes(p)),
          ),
        ]
      : []),
    ...(http ? [flow('http', { kind: 'http', http }, (facts) => matchHttp(http, facts))] : []),
    ...(content
      ? [
          flow('content', { kind: 'content', detectors: content }, (facts) =>
            holds(facts.content, (fired) => fired.some((id) => content.includes(id))),
          ),
        ]
      : []),
  ]
}

/** Entries with one and the same single key are alternatives of one condition. */
function subjectConjunctions(terms: readonly SubjectTerm[], conditions: ConditionSet): readonly Conjunction[] {
  return mergeSingleKeys(terms).map((term) =>
    (Object.keys(term) as (keyof SubjectTerm)[]).map((key) =>
      conditions.intern(JSON.stringify([key, term[key]]), {
        kind: 'flow',
        variable: variable(SUBJECT_VARIABLES[key]),
        source: { kind: 'subject', term: { [key]: term[key] } },
        evaluate: (flow) => matchSubjectKey(term, key, flow),
      }),
    ),
  )
}

function mergeSingleKeys(terms: readonly SubjectTerm[]): readonly SubjectTerm[] {
  const merged = new Map<string, unknown[]>()
  const rest: SubjectTerm[] = []
  for (const term of terms) {
    const [key, second] = Object.keys(term)
    if (key === undefined || second !== undefined) rest.push(term)
    else merged.set(key, [...(merged.get(key) ?? []), ...(term[key as keyof SubjectTerm] as readonly unknown[])])
  }
  return [...[...merged].map(([key, alternatives]) => ({ [key]: alternatives }) as SubjectTerm), ...rest]
}

/** Where the items of each rule stand. */
export function rangesOfRules(items: readonly Item[]): ReadonlyMap<Rule, ItemRange> {
  const ranges = new Map<Rule, ItemRange>()
  for (const [at, { rule }] of items.entries()) {
    if (rule !== null) ranges.set(rule, { from: ranges.get(rule)?.from ?? at, to: at + 1 })
  }
  return ranges
}
