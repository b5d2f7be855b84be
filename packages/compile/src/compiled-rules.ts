import {
  factsAtStage,
  matchImplicit,
  missingFacts,
  nameCandidates,
  sameEffect,
  STAGES,
  undetermined,
  type Flow,
  type NameCandidate,
  type Outcome,
  type Policy,
  type Rule,
  type Stage,
  type Verdict,
  type World,
} from '@sallyport/policy'
import { ClassTables } from './diagram/class-tables.ts'
import { ConditionSet } from './diagram/condition-set.ts'
import { Diagram } from './diagram/diagram.ts'
import { FactClasses } from './diagram/fact-classes.ts'
import { itemsOfPolicy } from './diagram/items-of-policy.ts'
import { NAME } from './diagram/variable.ts'
import type { HashSeed } from './tables/suffix-hash.ts'
import { VerdictCache } from './verdict-cache.ts'

const NOTHING_KNOWN: Flow = {}

/** The rules in force at one time, as tables and a diagram. */
export class CompiledRules {
  readonly conditions: ConditionSet = new ConditionSet()
  readonly tables: ClassTables
  readonly diagram: Diagram
  readonly facts: FactClasses
  readonly #policy: Policy
  readonly #verdicts = new VerdictCache()
  /** By node: how a walk may end when nothing more is known. */
  readonly #unknown: (readonly Outcome[] | undefined)[] = []

  constructor(policy: Policy, world: World, atMs: number, seed: HashSeed) {
    this.#policy = policy
    const items = itemsOfPolicy(policy, world, atMs, this.conditions)
    this.tables = new ClassTables(this.conditions, portBoundaries(policy), world, seed)
    this.diagram = new Diagram(items, this.tables.spaces)
    this.facts = new FactClasses(this.tables)
  }

  decide(flow: Flow, lastStage: Stage): Verdict {
    const implicit = matchImplicit(flow)
    if (implicit !== null) return implicitVerdict(this.#policy, implicit.what)
    const node = this.walk(this.diagram.root, flow, NAME)
    for (const stage of STAGES) {
      const outcomes = this.#possibleAt(node, flow, stage)
      const first = outcomes[0]!
      if (outcomes.length === 1 || outcomes.every((outcome) => sameEffect(outcome, first))) {
        const deciding = stage === lastStage ? first : this.#possibleAt(node, flow, lastStage)[0]!
        return this.#verdicts.of(deciding, stage)
      }
      if (stage === lastStage) {
        return undetermined(first, stage, missingFacts(rulesOf(outcomes), factsAtStage(flow, stage)))
      }
    }
    throw new Error(`no such stage: ${lastStage}`)
  }

  /** As `possibleFrom(node, factsAtStage(flow, stage))`, without making the flow of each stage. */
  #possibleAt(node: number, flow: Flow, stage: Stage): readonly Outcome[] {
    switch (stage) {
      case 'connect':
        return this.#unknownFrom(node)
      case 'dns': {
        const bound = flow.boundNames === undefined && flow.domain ? [flow.domain] : flow.boundNames
        if (bound === undefined) return this.#unknownFrom(node)
        if (bound?.length !== 1 || this.diagram.variable(node) !== NAME) break
        const named = this.diagram.child(node, this.tables.nameClass({ certainty: 'pending', name: bound[0]! }))
        return this.#unknownFrom(named)
      }
      case 'handshake':
        if (flow.http === undefined && flow.content === undefined) return this.possibleFrom(node, flow)
        break
      case 'request':
        if (flow.content === undefined) return this.possibleFrom(node, flow)
        break
      case 'content':
        return this.possibleFrom(node, flow)
    }
    return this.possibleFrom(node, factsAtStage(flow, stage))
  }

  #unknownFrom(node: number): readonly Outcome[] {
    const leaf = this.diagram.leaf(node)
    if (leaf) return leaf.outcomes
    const known = this.#unknown[node]
    if (known !== undefined) return known
    const outcomes = this.#outcomesFor(node, NOTHING_KNOWN, { certainty: 'unknown', name: null })
    this.#unknown[node] = outcomes
    return outcomes
  }

  /** From a node down to the first that asks for `until` or a later variable, or to a leaf. */
  walk(start: number, flow: Flow, until: number): number {
    let node = start
    for (let v = this.diagram.variable(node); v >= 0 && v < until; v = this.diagram.variable(node)) {
      node = this.diagram.child(node, this.facts.classOf(v, flow))
    }
    return node
  }

  /** Every way the flow may end from a node before the names, under each of its names: see `possibleOutcomes`. */
  possibleFrom(node: number, flow: Flow): readonly Outcome[] {
    const leaf = this.diagram.leaf(node)
    if (leaf) return leaf.outcomes
    const each = nameCandidates(flow).map((candidate) => this.#outcomesFor(node, flow, candidate))
    if (each.length === 1) return each[0]!
    const bound = Math.min(...each.map((outcomes) => outcomes.at(-1)!.rank))
    const byRank = new Map(each.flat().map((outcome) => [outcome.rank, outcome]))
    return [...byRank.values()].filter(({ rank }) => rank <= bound).sort((a, b) => a.rank - b.rank)
  }

  #outcomesFor(start: number, flow: Flow, candidate: NameCandidate): readonly Outcome[] {
    const named = this.diagram.variable(start) === NAME
    const node = named ? this.diagram.child(start, this.tables.nameClass(candidate)) : start
    return this.diagram.leaf(this.walk(node, flow, Number.MAX_SAFE_INTEGER))!.outcomes
  }
}

function rulesOf(outcomes: readonly Outcome[]): readonly Rule[] {
  return outcomes.flatMap(({ rule }) => (rule === null ? [] : [rule]))
}

function implicitVerdict(policy: Policy, what: string): Verdict {
  const layer = policy.layers.at(-1)?.name ?? ''
  const explain = `allowed without a rule: ${what}`
  return { verdict: 'allow', rule: null, layer, mode: 'enforce', stage: 'connect', reason: 'implicit', explain }
}

export function portBoundaries(policy: Policy): readonly number[] {
  const ranges = policy.layers.flatMap(({ rules }) => rules.flatMap(({ ports }) => ports ?? []))
  return ranges.flatMap(({ first, last }) => [first, last + 1])
}
