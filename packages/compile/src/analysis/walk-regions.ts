import { NO_FACTS, type Flow, type Outcome } from '@sallyport/policy'
import type { Diagram, ItemRange } from '../diagram/diagram.ts'
import { NAME, PROTOCOL, VARIABLES } from '../diagram/variable.ts'
import { AnalysisTooLargeError } from './analysis-too-large.ts'
import type { JointRules } from './joint-rules.ts'
import { namedState, namePairs, type NamedState } from './name-pairs.ts'
import { keyOf, mayFollow, nameFacts, stateUnder, type State } from './region-state.ts'
import type { Track } from './track.ts'
import { FEW, ValueIndex } from './value-index.ts'
import type { ClassValue, NameValue } from './value-space.ts'

type RawRegion = {
  readonly constraints: readonly string[]
  /** One for each track. */
  readonly outcomes: readonly Outcome[]
  readonly witness: Flow
}

type RegionQuery = {
  readonly tracks: readonly Track[]
  /** Values outside are not looked at. */
  readonly includes?: (variable: number, value: ClassValue) => boolean
  /** Only flows for which, under one of their names, each of these items of a track may hold. */
  readonly focuses?: readonly Focus[]
  readonly budget?: WalkBudget
  /** Only flows with one name, which is enough to show how most flows end. */
  readonly oneName?: boolean
  /** Whether nothing selected can follow, told from the nodes alone: for each track one for each name. */
  readonly barren?: (nodes: State['nodes']) => boolean
  /** Whether flows that end so belong to the answer; `outcomes` holds one for each track. */
  readonly selects: (outcomes: readonly Outcome[]) => boolean
  readonly limit: number
}

export type Focus = { readonly track: number; readonly items: ItemRange }

/** So many items alive in a node make it cost as much again as an empty one. */
const ALIVE_A_VISIT = 32

/** How many nodes may still be visited; several walks may share one. */
export type WalkBudget = { visits: number }

/**
 * All regions of flows, with every fact given, that a query selects. Values of a variable that lead to the same nodes are
 * one region. A node from which nothing selected can be reached is visited once.
 */
export function walkRegions(joint: JointRules, query: RegionQuery): readonly RawRegion[] {
  return new RegionWalk(joint, query).all()
}

type Lead = {
  readonly state: State
  readonly facts: Flow
  readonly labels: readonly string[]
  readonly pair: boolean
}
type Group = { readonly state: State; readonly facts: Flow; readonly labels: string[] }

class RegionWalk {
  readonly #joint: JointRules
  readonly #query: RegionQuery
  readonly #tracks: readonly Track[]
  readonly #barren = new Set<string>()
  readonly #regions: RawRegion[] = []
  readonly #indexes: (ValueIndex<ClassValue> | undefined)[] = []

  constructor(joint: JointRules, query: RegionQuery) {
    this.#joint = joint
    this.#query = query
    this.#tracks = query.tracks
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
      for (const lead of this.#leads(state, variable)) {
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
    const found = new Groups()
    let singles: readonly Group[] | null = null
    const visit = (groups: readonly Group[], all: boolean): void => {
      for (const group of groups) {
        const words = all ? constraints : [...constraints, wordsOf(group.labels)]
        this.#visit(group.state, words, { ...facts, ...group.facts })
      }
    }
    for (const { pair, state: next, facts: more, labels } of this.#leads(state, variable)) {
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

  /** Where each value leads, single names before pairs of them. */
  *#leads(state: State, variable: number): Generator<Lead> {
    const focused = (this.#query.focuses ?? []).map((focus) => this.#focused(state, variable, focus))
    const values = this.#values(state, variable, focused)
    if (variable !== NAME) {
      for (const { class: id, facts, labels } of values) {
        const { protocols } = state
        if (variable === PROTOCOL && !mayFollow(protocols, facts)) continue
        const nodes = this.#step(state, variable, id)
        yield { state: { nodes, protocols: variable < PROTOCOL ? protocols : 'any' }, facts, labels, pair: false }
      }
      return
    }
    for (const value of values as readonly NameValue[]) {
      if (value.certainty === 'bound') continue
      const next = stateUnder([value], this.#step(state, NAME, value.class))
      yield { state: next, facts: nameFacts([value]), labels: value.labels, pair: false }
    }
    if (this.#query.oneName === true) return
    // One name may keep one focus alive, the other name the other.
    const [firsts, others] = [0, 1].map((at) =>
      this.#distinct(state, this.#values(state, NAME, [focused[at] ?? null]) as readonly NameValue[]),
    )
    for (const [a, b] of namePairs(firsts!, others!)) {
      const nodes = a.nodes.map((node, at) => [node, b.nodes[at]!])
      const labels = [`${a.name.labels[0]} and ${b.name.labels[0]} at one address`]
      yield { state: stateUnder([a.name, b.name], nodes), facts: nameFacts([a.name, b.name]), labels, pair: true }
    }
  }

  #step(state: State, variable: number, classId: number): State['nodes'] {
    return state.nodes.map((nodes, at) => nodes.map((node) => this.#tracks[at]!.step(node, variable, classId)))
  }

  /** Conditions of which one must hold for the focus to stay alive; `null` when it does not depend on this variable. */
  #focused(state: State, variable: number, { track, items }: Focus): readonly number[] | null {
    const { diagram } = this.#tracks[track]!
    const asked = new Set<number>()
    let alive = false
    for (const node of state.nodes[track]!) {
      for (const entry of diagram.aliveOf(node, items).filter(acting(diagram, items))) {
        const condition = diagram.items[entry >> 1]!.conditions[variable]
        if (condition === undefined || diagram.variable(node) !== variable) return null
        alive = true
        asked.add(condition.id)
      }
    }
    return alive ? [...asked] : null
  }

  /** Values that satisfy one condition of each focus; where none restricts them, all that a node tells apart. */
  #values(state: State, variable: number, focused: readonly (readonly number[] | null)[]): readonly ClassValue[] {
    const index = (this.#indexes[variable] ??= this.#index(variable))
    const [first, ...rest] = focused.filter((conditions) => conditions !== null)
    if (first !== undefined) {
      const also = rest.map((conditions) => new Set(index.satisfying(conditions)))
      return index.satisfying(first).filter((value) => also.every((some) => some.has(value)))
    }
    const asked = new Set<number>()
    for (const [at, nodes] of state.nodes.entries()) {
      const { diagram } = this.#tracks[at]!
      for (const node of nodes)
        if (diagram.variable(node) === variable) for (const id of diagram.asked(node)) asked.add(id)
    }
    const sure = (value: ClassValue): boolean => !('certainty' in value) || value.certainty === 'certain'
    // Who looks for one flow only begins with what no rule asks for; labels are for those who look for all.
    const few = this.#query.limit === 1 && variable !== PROTOCOL ? 0 : FEW
    return index.toldApart(asked, { few, label: `any other ${VARIABLES[variable]}`, mayStand: sure })
  }

  #index(variable: number): ValueIndex<ClassValue> {
    const { includes } = this.#query
    if (includes === undefined) return this.#joint.values.index(variable)
    const { values } = this.#joint.values.index(variable)
    const included = values.filter((value) => includes(variable, value))
    return new ValueIndex(included, this.#joint.tables.spaces[variable]!)
  }

  /** Names that end alike in every track, once; up to two of them, since a verified name and a bound one must differ. */
  #distinct(state: State, names: readonly NameValue[]): readonly NamedState[] {
    const seen = new Set<string>()
    return names.flatMap((name) => {
      const nodes = this.#step(state, NAME, name.class)
      const key = `${name.certainty} ${keyOf({ nodes, protocols: 'any' })}`
      if (seen.has(`${key} 2`)) return []
      seen.add(seen.has(key) ? `${key} 2` : key)
      return [
        namedState(
          this.#tracks.map(({ diagram }) => diagram),
          name,
          nodes.map((each) => each[0]!),
        ),
      ]
    })
  }
}

/** Entries that make the rule hold. An exception ends behind its own rule; those of a rule that passes on count as well. */
export function acting(diagram: Diagram, { to }: ItemRange): (entry: number) => boolean {
  return (entry) => {
    const { target, rule } = diagram.items[entry >> 1]!
    return target.kind === 'act' || target.to !== to || rule?.action === 'pass'
  }
}

class Groups {
  readonly #byState = new Map<string, Group>()

  add(state: State, facts: Flow, labels: readonly string[]): void {
    const key = keyOf(state)
    const known = this.#byState.get(key)
    if (known) known.labels.push(...labels)
    else this.#byState.set(key, { state, facts, labels: [...labels] })
  }

  /** What may follow with any protocol need not be looked at with some. */
  all(): readonly Group[] {
    return [...this.#byState.values()].filter(
      ({ state: { nodes, protocols } }) =>
        protocols === 'any' || !this.#byState.has(keyOf({ nodes, protocols: 'any' })),
    )
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
