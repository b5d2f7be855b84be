import {
  defaultOutcome,
  factsAtStage,
  matchImplicit,
  missingFacts,
  nameCandidates,
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
import type { ConditionSet } from './diagram/condition-set.ts'
import { Diagram, leafOf, type Leaf } from './diagram/diagram.ts'
import { FactClasses } from './diagram/fact-classes.ts'
import type { RulesInForce } from './rules-in-force.ts'
import { NAME } from './diagram/variable.ts'
import type { KeyedNames } from './tables/name-table.ts'
import { RecentEndings } from './recent-endings.ts'
import { RecentNames } from './tables/recent-names.ts'
import { VerdictCache } from './verdict-cache.ts'

const NOTHING_KNOWN: Flow = {}

/** The rules in force at one time, as tables and a diagram. */
export class CompiledRules {
  readonly conditions: ConditionSet
  readonly tables: ClassTables
  readonly diagram: Diagram
  readonly facts: FactClasses
  readonly #policy: Policy
  readonly #implicit: 'usual' | 'rules'
  readonly #verdicts: VerdictCache
  readonly #names: RecentNames
  readonly #endings: RecentEndings = new RecentEndings()
  /** By node: how a walk may end when nothing more is known. */
  readonly #unknown: (Leaf | undefined)[] = []

  constructor(
    policy: Policy,
    world: World,
    { conditions, items }: RulesInForce,
    names: KeyedNames,
    implicit: 'usual' | 'rules' = 'usual',
  ) {
    this.#policy = policy
    this.#implicit = implicit
    this.conditions = conditions
    this.tables = new ClassTables(conditions, world, names)
    this.diagram = new Diagram(items, this.tables.spaces)
    this.facts = new FactClasses(this.tables)
    this.#names = new RecentNames(this.tables.names.find)
    this.#verdicts = new VerdictCache(defaultOutcome(policy, false).rank + 1)
  }

  decide(flow: Flow, lastStage: Stage): Verdict {
    const implicit = this.#implicit === 'usual' ? matchImplicit(flow) : null
    if (implicit !== null) return implicitVerdict(this.#policy, implicit.what)
    const node = this.walk(this.diagram.root, flow, NAME)
    const sole = this.#soleName(node, flow)
    if (sole < 0 || lastStage !== 'content') return this.#decideFrom(node, flow, lastStage, sole)
    const known = this.#endings.get(node, sole)
    if (known !== null) return known
    const verdict = this.#decideFrom(node, flow, lastStage, sole)
    // Where the name is the last that was asked for, no other fact of the flow has a say.
    if (this.diagram.leaf(this.#named(node, sole, 'certain')) !== null) this.#endings.set(node, sole, verdict)
    return verdict
  }

  /** The rest of a decision whose walk stopped at a node of `KernelTables.resume`, by facts that were not known there. */
  resume(node: number, flow: Flow): Verdict {
    return this.#decideFrom(node, flow, 'content', -1)
  }

  #decideFrom(node: number, flow: Flow, lastStage: Stage, sole: number): Verdict {
    const last = this.#leafAt(node, flow, lastStage, sole)
    if (!last.certain) {
      const needs = missingFacts(rulesOf(last.outcomes), factsAtStage(flow, lastStage))
      return undetermined(last.outcomes[0]!, lastStage, needs)
    }
    for (const stage of STAGES) {
      if (stage === lastStage || this.#leafAt(node, flow, stage, sole).certain)
        return this.#verdicts.of(last.outcomes[0]!, stage)
    }
    throw new Error(`no such stage: ${lastStage}`)
  }

  /** The set of the one name that a flow has, verified and bound or taken as such; -1 when its names are more than that. */
  #soleName(node: number, flow: Flow): number {
    const { domain, boundNames } = flow
    if (!domain || this.diagram.variable(node) !== NAME) return -1
    const sole = boundNames === undefined || (boundNames?.length === 1 && boundNames[0] === domain)
    return sole ? this.#names.find(domain) : -1
  }

  /** As `#leafFrom(node, factsAtStage(flow, stage))`, without making the flow of each stage. */
  #leafAt(node: number, flow: Flow, stage: Stage, sole: number): Leaf {
    switch (stage) {
      case 'connect':
        return this.#unknownFrom(node)
      case 'dns': {
        if (sole >= 0) return this.#unknownFrom(this.#named(node, sole, 'pending'))
        const bound = flow.boundNames === undefined && flow.domain ? [flow.domain] : flow.boundNames
        if (bound === undefined) return this.#unknownFrom(node)
        if (bound?.length !== 1 || this.diagram.variable(node) !== NAME) break
        return this.#unknownFrom(this.#named(node, this.tables.names.find(bound[0]!), 'pending'))
      }
      case 'handshake':
        if (flow.http === undefined && flow.content === undefined) return this.#leafFrom(node, flow, sole)
        break
      case 'request':
        if (flow.content === undefined) return this.#leafFrom(node, flow, sole)
        break
      case 'content':
        return this.#leafFrom(node, flow, sole)
    }
    return this.#leafFrom(node, factsAtStage(flow, stage), -1)
  }

  #named(node: number, setId: number, certainty: NameCandidate['certainty']): number {
    return this.diagram.child(node, this.tables.nameSetClass(setId, certainty))
  }

  #unknownFrom(node: number): Leaf {
    const leaf = this.diagram.leaf(node)
    if (leaf) return leaf
    return (this.#unknown[node] ??= this.#leafFor(node, NOTHING_KNOWN, { certainty: 'unknown', name: null }))
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
    return this.#leafFrom(node, flow, -1).outcomes
  }

  #leafFrom(node: number, flow: Flow, sole: number): Leaf {
    const leaf = this.diagram.leaf(node)
    if (leaf) return leaf
    if (sole >= 0) return this.#end(this.#named(node, sole, 'certain'), flow)
    const each = nameCandidates(flow).map((candidate) => this.#leafFor(node, flow, candidate))
    if (each.length === 1) return each[0]!
    const bound = Math.min(...each.map(({ outcomes }) => outcomes.at(-1)!.rank))
    const byRank = new Map(each.flatMap(({ outcomes }) => outcomes).map((outcome) => [outcome.rank, outcome]))
    return leafOf([...byRank.values()].filter(({ rank }) => rank <= bound).sort((a, b) => a.rank - b.rank))
  }

  #leafFor(start: number, flow: Flow, candidate: NameCandidate): Leaf {
    const named = this.diagram.variable(start) === NAME
    return this.#end(named ? this.diagram.child(start, this.tables.nameClass(candidate)) : start, flow)
  }

  #end(node: number, flow: Flow): Leaf {
    return this.diagram.leaf(this.walk(node, flow, Number.MAX_SAFE_INTEGER))!
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
