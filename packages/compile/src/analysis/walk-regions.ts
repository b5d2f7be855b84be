import { NO_FACTS, type Flow, type Outcome } from '@sallyport/policy'
import { AnalysisTooLargeError } from './analysis-too-large.ts'
import type { JointRules } from './joint-rules.ts'
import { RegionGroups, type Group } from './region-groups.ts'
import { RegionLeads } from './region-leads.ts'
import type { RegionQuery } from './region-query.ts'
import { keyOf, type State } from './region-state.ts'
import type { Track } from './track.ts'

type RawRegion = {
  readonly constraints: readonly string[]
  /** One for each track. */
  readonly outcomes: readonly Outcome[]
  readonly witness: Flow
}

/** So many items alive in a node make it cost as much again as an empty one. */
const ALIVE_A_VISIT = 32

/**
 * All regions of flows, with every fact given, that a query selects. Values of a variable that lead to the same nodes are
 * one region. A node from which nothing selected can be reached is visited once.
 */
export function walkRegions(joint: JointRules, query: RegionQuery): readonly RawRegion[] {
  return new RegionWalk(joint, query).all()
}

class RegionWalk {
  readonly #query: RegionQuery
  readonly #tracks: readonly Track[]
  readonly #barren = new Set<string>()
  readonly #regions: RawRegion[] = []
  readonly #leads: RegionLeads

  constructor(joint: JointRules, query: RegionQuery) {
    this.#query = query
    this.#tracks = query.tracks
    this.#leads = new RegionLeads(joint, query)
  }

  all(): readonly RawRegion[] {
    this.#visit({ nodes: this.#tracks.map(({ root }) => [root]), protocols: 'any' }, [], {})
    return this.#regions
  }

  #visit(state: State, constraints: readonly string[], facts: Flow): void {
    if (this.#full() || this.#nothingFollows(state)) return
    const key = keyOf(state)
    if (this.#barren.has(key)) return
    this.#charge(state)
    const before = this.#regions.length
    const variable = this.#nextVariable(state)
    if (variable === -1) this.#end(state, constraints, facts)
    else if (this.#query.limit === 1) {
      for (const lead of this.#leads.from(state, variable)) {
        this.#visit(lead.state, constraints, { ...facts, ...lead.facts })
        if (this.#full()) return
      }
    } else this.#visitGroups(state, variable, constraints, facts)
    if (this.#regions.length === before && !this.#full()) this.#barren.add(key)
  }

  /** A node costs what is alive in it. */
  #charge({ nodes }: State): void {
    const { budget } = this.#query
    if (budget === undefined) return
    const alive = nodes.reduce((sum, [node], at) => sum + this.#tracks[at]!.diagram.entries(node!).length, 0)
    budget.visits -= 1 + alive / ALIVE_A_VISIT
    if (budget.visits < 0) throw new AnalysisTooLargeError('too many cases')
  }

  #full(): boolean {
    return this.#regions.length >= this.#query.limit
  }

  #nothingFollows({ nodes }: State): boolean {
    return this.#query.barren?.(nodes) ?? false
  }

  #end(state: State, constraints: readonly string[], facts: Flow): void {
    const outcomes = state.nodes.map((nodes, at) => this.#earliest(this.#tracks[at]!, nodes))
    if (this.#query.selects(outcomes)) this.#regions.push({ constraints, outcomes, witness: complete(facts) })
  }

  #earliest({ diagram }: Track, nodes: readonly number[]): Outcome {
    const outcomes = nodes.map((node) => diagram.leaf(node)!.outcomes[0]!)
    return outcomes.reduce((best, outcome) => (outcome.rank < best.rank ? outcome : best))
  }

  #nextVariable(state: State): number {
    const open = state.nodes.flatMap((nodes, at) => nodes.map((node) => this.#tracks[at]!.diagram.variable(node)))
    return open.reduce((next, v) => (v >= 0 && (next < 0 || v < next) ? v : next), -1)
  }

  /** Values that lead on alike are one group: first what single names lead to, then what pairs of them add. */
  #visitGroups(state: State, variable: number, constraints: readonly string[], facts: Flow): void {
    const found = new RegionGroups()
    let singles: readonly Group[] | null = null
    const visit = (groups: readonly Group[], all: boolean): void => {
      for (const group of groups) {
        const words = all ? constraints : [...constraints, wordsOf(group.labels)]
        this.#visit(group.state, words, { ...facts, ...group.facts })
      }
    }
    for (const { pair, state: next, facts: more, labels } of this.#leads.from(state, variable)) {
      if (pair && singles === null) {
        singles = found.all()
        visit(singles, singles.length === 1)
        if (this.#full()) return
      }
      found.add(next, more, labels)
    }
    const known = new Set(singles)
    const rest = found.all().filter((group) => !known.has(group))
    visit(rest, singles === null && rest.length === 1)
  }
}

/** Facts that no rule asked for on the way are none; where the address is, the world says. */
function complete(facts: Flow): Flow {
  const { country: _country, asn: _asn, ...none } = NO_FACTS
  return { ...none, ...facts }
}

const SHOWN_LABELS = 4

function wordsOf(labels: readonly string[]): string {
  const some = labels.slice(0, SHOWN_LABELS).join(', ')
  return labels.length <= SHOWN_LABELS ? some : `${some} and ${labels.length - SHOWN_LABELS} more`
}
