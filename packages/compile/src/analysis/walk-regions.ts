import type { Flow, Outcome } from '@sallyport/policy'
import type { Diagram } from '../diagram/diagram.ts'
import { NAME } from '../diagram/variable.ts'
import type { JointRules } from './joint-rules.ts'
import type { ClassValue, NameValue } from './value-space.ts'

/** For each diagram the nodes reached: one, or after the names one for each name of the flow. */
type State = readonly (readonly number[])[]

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

/** More names than this are paired only where they end apart. */
const PAIRED_NAMES = 200

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
      const outcomes = state.map((nodes, at) => earliest(joint.diagrams[at]!, nodes))
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
  visit(
    joint.diagrams.map((diagram) => [diagram.root]),
    [],
    {},
  )
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
  const step = (value: ClassValue): State =>
    state.map((nodes, at) => nodes.map((node) => stepOne(joint.diagrams[at]!, node, variable, value.class)))
  if (variable !== NAME) {
    for (const value of joint.values.of(variable)) {
      if (query.includes?.(variable, value) ?? true) add(step(value), value.facts, value.labels)
    }
    return [...byState.values()]
  }
  const names = joint.values.names().filter((value) => query.includes?.(variable, value) ?? true)
  for (const value of names) {
    if (value.certainty !== 'bound') add(step(value), nameFacts([value]), value.labels)
  }
  for (const [a, b] of pairs(distinct(names, step))) {
    const [first, second] = [step(a), step(b)]
    add(
      first.map((nodes, at) => [...nodes, ...second[at]!]),
      nameFacts([a, b]),
      [`${a.labels[0]} and ${b.labels[0]} at one address`],
    )
  }
  return [...byState.values()]
}

function stepOne(diagram: Diagram, node: number, variable: number, valueClass: number): number {
  return diagram.variable(node) === variable ? diagram.child(node, valueClass) : node
}

function distinct(names: readonly NameValue[], step: (value: ClassValue) => State): readonly NameValue[] {
  const seen = new Map<string, NameValue>()
  for (const name of names) {
    const key = `${name.certainty} ${keyOf(step(name))}`
    if (!seen.has(key)) seen.set(key, name)
  }
  return [...seen.values()].slice(0, PAIRED_NAMES)
}

/** Names that one flow can have together: several bound ones, or a verified one beside a bound one. */
function* pairs(names: readonly NameValue[]): Generator<readonly [NameValue, NameValue]> {
  for (const a of names) {
    for (const b of names) {
      if (a.name === null || b.name === null || a.name === b.name) continue
      if (a.certainty === 'certain' && b.certainty === 'certain' && a.name < b.name) yield [a, b]
      if (a.certainty !== 'bound' && b.certainty === 'bound') yield [a, b]
    }
  }
}

function nameFacts(names: readonly NameValue[]): Flow {
  const [first, second] = names
  if (first === undefined || first.name === null) return { domain: null, boundNames: [] }
  const bound = second === undefined ? [] : [second.name!]
  if (first.certainty === 'evidence') return { domain: first.name, boundNames: bound }
  if (second?.certainty === 'certain') return { domain: null, boundNames: [first.name, ...bound] }
  return { domain: first.name, boundNames: [first.name, ...bound] }
}

function nextVariable(diagrams: readonly Diagram[], state: State): number {
  const open = state.flatMap((nodes, at) => nodes.map((node) => diagrams[at]!.variable(node))).filter((v) => v >= 0)
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
  return state.map((nodes) => [...new Set(nodes)].sort((a, b) => a - b).join('+')).join('|')
}

const SHOWN_LABELS = 4

function wordsOf(labels: readonly string[]): string {
  const some = labels.slice(0, SHOWN_LABELS).join(', ')
  return labels.length <= SHOWN_LABELS ? some : `${some} and ${labels.length - SHOWN_LABELS} more`
}
