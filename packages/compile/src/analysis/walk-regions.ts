import { carriesName, type Flow, type Outcome } from '@sallyport/policy'
import type { Diagram } from '../diagram/diagram.ts'
import { NAME, PROTOCOL } from '../diagram/variable.ts'
import type { JointRules } from './joint-rules.ts'
import { namedState, namePairs, type NamedState } from './name-pairs.ts'
import type { ClassValue, NameValue } from './value-space.ts'

/** For each diagram the nodes reached, one or after the names one for each name of the flow, and what protocols may follow. */
type State = { readonly nodes: readonly (readonly number[])[]; readonly protocols: Protocols }
/** Bound names without a verified one are worth more where the protocol carries no name, so they bring that along. */
type Protocols = 'any' | 'naming' | 'nameless'

export type RawRegion = {
  readonly constraints: readonly string[]
  readonly outcomes: readonly Outcome[]
  readonly witness: Flow
}

export type RegionQuery = {
  /** Values outside are not looked at. */
  readonly includes?: (variable: number, value: ClassValue) => boolean
  /** Whether flows that end so belong to the answer; `outcomes` holds one for each diagram. */
  readonly selects: (outcomes: readonly Outcome[]) => boolean
  readonly limit: number
}

/**
 * All regions of flows, with every fact given, that a query selects. Values of a variable that lead to the same nodes are
 * one region. A node from which nothing selected can be reached is visited once.
 */
export function walkRegions(joint: JointRules, query: RegionQuery): readonly RawRegion[] {
  const barren = new Set<string>()
  const regions: RawRegion[] = []
  const visit = (state: State, constraints: readonly string[], facts: Flow): void => {
    if (regions.length >= query.limit) return
    const key = keyOf(state)
    if (barren.has(key)) return
    const before = regions.length
    const variable = nextVariable(joint.diagrams, state)
    if (variable === -1) {
      const outcomes = state.nodes.map((nodes, at) => earliest(joint.diagrams[at]!, nodes))
      if (query.selects(outcomes)) regions.push({ constraints, outcomes, witness: complete(facts) })
    } else {
      const all = groups(joint, state, variable, query)
      for (const group of all) {
        const words = all.length === 1 ? constraints : [...constraints, wordsOf(group.labels)]
        visit(group.state, words, { ...facts, ...group.facts })
      }
    }
    if (regions.length === before) barren.add(key)
  }
  visit({ nodes: joint.diagrams.map((diagram) => [diagram.root]), protocols: 'any' }, [], {})
  return regions
}

type Group = { readonly state: State; readonly facts: Flow; readonly labels: string[] }

function groups(joint: JointRules, state: State, variable: number, query: RegionQuery): readonly Group[] {
  const byState = new Map<string, Group>()
  const add = (next: State, facts: Flow, labels: readonly string[]): void => {
    const key = keyOf(next)
    const known = byState.get(key)
    if (known) known.labels.push(...labels)
    else byState.set(key, { state: next, facts, labels: [...labels] })
  }
  const step = (value: ClassValue): State['nodes'] =>
    state.nodes.map((nodes, at) => nodes.map((node) => stepOne(joint.diagrams[at]!, node, variable, value.class)))
  const values = (all: readonly ClassValue[]): readonly ClassValue[] =>
    all.filter((value) => query.includes?.(variable, value) ?? true)
  if (variable !== NAME) {
    for (const value of values(joint.values.of(variable))) {
      const { protocols } = state
      if (variable === PROTOCOL && !mayFollow(protocols, value.facts)) continue
      add({ nodes: step(value), protocols: variable < PROTOCOL ? protocols : 'any' }, value.facts, value.labels)
    }
    return [...byState.values()]
  }
  const names = values(joint.values.names()) as readonly NameValue[]
  for (const value of names) {
    if (value.certainty !== 'bound') add(namedNodes([value], step(value)), nameFacts([value]), value.labels)
  }
  for (const [a, b] of namePairs(distinct(joint.diagrams, names, step))) {
    const nodes = a.nodes.map((node, at) => [node, b.nodes[at]!])
    add(namedNodes([a.name, b.name], nodes), nameFacts([a.name, b.name]), [
      `${a.name.labels[0]} and ${b.name.labels[0]} at one address`,
    ])
  }
  // What may follow with any protocol need not be looked at with some.
  return [...byState.values()].filter(
    ({ state: { nodes, protocols } }) => protocols === 'any' || !byState.has(keyOf({ nodes, protocols: 'any' })),
  )
}

function namedNodes(names: readonly NameValue[], nodes: State['nodes']): State {
  return { nodes, protocols: protocolsOf(names) }
}

/** One name that is certain may be the verified one, whatever the protocol; two that are certain are both only bound. */
function protocolsOf([first, second]: readonly NameValue[]): Protocols {
  if (first?.certainty === 'nameless') return 'naming'
  return second?.certainty === 'certain' ? 'nameless' : 'any'
}

function mayFollow(protocols: Protocols, { protocol }: Flow): boolean {
  const naming = protocol !== null && protocol !== undefined && carriesName(protocol)
  return protocols === 'any' || (protocols === 'naming') === naming
}

function stepOne(diagram: Diagram, node: number, variable: number, valueClass: number): number {
  return diagram.variable(node) === variable ? diagram.child(node, valueClass) : node
}

/** Names that end alike in every diagram, once; up to two of them, since a verified name and a bound one must differ. */
function distinct(
  diagrams: readonly Diagram[],
  names: readonly NameValue[],
  step: (value: ClassValue) => State['nodes'],
): readonly NamedState[] {
  const seen = new Set<string>()
  return names.flatMap((name) => {
    const nodes = step(name)
    const key = `${name.certainty} ${keyOf({ nodes, protocols: 'any' })}`
    if (seen.has(`${key} 2`)) return []
    seen.add(seen.has(key) ? `${key} 2` : key)
    return [
      namedState(
        diagrams,
        name,
        nodes.map((each) => each[0]!),
      ),
    ]
  })
}

function nameFacts(names: readonly NameValue[]): Flow {
  const [first, second] = names
  if (first === undefined || first.name === null) return { domain: null, boundNames: [] }
  const bound = second === undefined ? [] : [second.name!]
  if (first.certainty === 'nameless') return { domain: null, boundNames: [first.name, ...bound], protocol: 'tls' }
  if (first.certainty === 'evidence') return { domain: first.name, boundNames: bound }
  if (second?.certainty === 'certain') return { domain: null, boundNames: [first.name, ...bound] }
  return { domain: first.name, boundNames: [first.name, ...bound] }
}

function nextVariable(diagrams: readonly Diagram[], state: State): number {
  const open = state.nodes
    .flatMap((nodes, at) => nodes.map((node) => diagrams[at]!.variable(node)))
    .filter((v) => v >= 0)
  return open.length === 0 ? -1 : Math.min(...open)
}

function earliest(diagram: Diagram, nodes: readonly number[]): Outcome {
  const outcomes = nodes.map((node) => diagram.leaf(node)!.outcomes[0]!)
  return outcomes.reduce((best, outcome) => (outcome.rank < best.rank ? outcome : best))
}

/** Facts that no rule asked for on the way are none. */
function complete(facts: Flow): Flow {
  const none = {
    device: null,
    tags: null,
    posture: null,
    user: null,
    groups: null,
    app: null,
    appSha256: null,
    unit: null,
    container: null,
    src: null,
    port: null,
    transport: null,
    dst: null,
    domain: null,
    boundNames: null,
    protocol: null,
    http: null,
    content: null,
  }
  return { ...none, ...facts }
}

function keyOf(state: State): string {
  const nodes = state.nodes.map((each) => [...new Set(each)].sort((a, b) => a - b).join('+'))
  return `${state.protocols} ${nodes.join('|')}`
}

const SHOWN_LABELS = 4

function wordsOf(labels: readonly string[]): string {
  const some = labels.slice(0, SHOWN_LABELS).join(', ')
  return labels.length <= SHOWN_LABELS ? some : `${some} and ${labels.length - SHOWN_LABELS} more`
}
