import type { Flow } from '@sallyport/policy'
import type { Diagram, ItemRange } from '../diagram/diagram.ts'
import { NAME, PROTOCOL, VARIABLES } from '../diagram/variable.ts'
import type { JointRules } from './joint-rules.ts'
import { namedState, namePairs, type NamedState } from './name-pairs.ts'
import type { Focus, RegionQuery } from './region-query.ts'
import { keyOf, mayFollow, nameFacts, stateUnder, type State } from './region-state.ts'
import type { Track } from './track.ts'
import { FEW, ValueIndex } from './value-index.ts'
import type { ClassValue, NameValue } from './value-space.ts'

type Lead = {
  readonly state: State
  readonly facts: Flow
  readonly labels: readonly string[]
  readonly pair: boolean
}
/** Where the values of a variable lead from a state. */
export class RegionLeads {
  readonly #joint: JointRules
  readonly #query: RegionQuery
  readonly #tracks: readonly Track[]
  readonly #indexes: (ValueIndex<ClassValue> | undefined)[] = []

  constructor(joint: JointRules, query: RegionQuery) {
    this.#joint = joint
    this.#query = query
    this.#tracks = query.tracks
  }

  /** Where each value leads, single names before pairs of them. */
  *from(state: State, variable: number): Generator<Lead> {
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
