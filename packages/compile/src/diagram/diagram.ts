import { sameEffect, type Outcome } from '@sallyport/policy'
import type { ClassSpace } from './class-space.ts'
import type { Item } from './item.ts'
import { possibleOfItems } from './possible-of-items.ts'
import type { Variable } from './variable.ts'

/** An item still alive at a node: its index doubled, plus one when some condition on the way may or may not hold. */
type Residual = Int32Array

/** Items of one rule stand side by side. `to` is the first behind them. */
export type ItemRange = { readonly from: number; readonly to: number }

const NO_ITEMS: ItemRange = { from: 0, to: 0 }

/** `certain`: every outcome that is possible has one effect. */
export type Leaf = { readonly outcomes: readonly Outcome[]; readonly certain: boolean }

type Node = {
  readonly residual: Residual
  /** -1 at a leaf. */
  readonly variable: Variable
  readonly children: Map<number, number>
  readonly leaf: Leaf | null
  index: ConditionIndex | null
}

/** The alive items of a node by the condition they put on its variable. */
type ConditionIndex = { readonly free: readonly number[]; readonly byCondition: ReadonlyMap<number, readonly number[]> }

/**
 * The ordered decision diagram of a policy, built where it is walked. A node is the list of items still alive; equal
 * lists are one node, so a list of destinations never grows the diagram, only the class tables.
 */
export class Diagram {
  readonly items: readonly Item[]
  readonly spaces: readonly ClassSpace[]
  readonly root: number
  readonly #nodes: Node[] = []
  readonly #byHash = new Map<number, number[]>()

  constructor(items: readonly Item[], spaces: readonly ClassSpace[]) {
    this.items = items
    this.spaces = spaces
    this.root = this.#intern(
      normalise(
        items,
        Int32Array.from(items, (_, index) => index * 2),
        -1,
      ),
      -1,
    )
  }

  get size(): number {
    return this.#nodes.length
  }

  variable(node: number): Variable {
    return this.#nodes[node]!.variable
  }

  leaf(node: number): Leaf | null {
    return this.#nodes[node]!.leaf
  }

  /** Rules alive at a node, as indexes into `items`. */
  alive(node: number): readonly number[] {
    return [...new Set([...this.#nodes[node]!.residual].map((entry) => entry >> 1))]
  }

  /** Entries of the residual, `index * 2` plus one where it may or may not hold, that belong to a range of items. */
  aliveOf(node: number, { from, to }: ItemRange): Int32Array {
    const { residual } = this.#nodes[node]!
    return residual.subarray(lowerBound(residual, from * 2), lowerBound(residual, to * 2))
  }

  /** Ids of the conditions that items still alive put on the node's variable. */
  asked(node: number): Iterable<number> {
    const at = this.#nodes[node]!
    return at.variable < 0 ? [] : (at.index ??= this.#index(at)).byCondition.keys()
  }

  /** What a node stands for, with the items written as others write theirs: see `NodeSignatures`. */
  entries(node: number): Int32Array {
    return this.#nodes[node]!.residual
  }

  child(node: number, classId: number): number {
    const known = this.#nodes[node]!.children.get(classId)
    if (known !== undefined) return known
    const child = this.#grow(this.#nodes[node]!, classId, NO_ITEMS)
    this.#nodes[node]!.children.set(classId, child)
    return child
  }

  /** The child as it were if these items were not in the policy; nothing before the node may rest on them. */
  childWithout(node: number, classId: number, dropped: ItemRange): number {
    return this.#grow(this.#nodes[node]!, classId, dropped)
  }

  rootWithout({ from, to }: ItemRange): number {
    const kept = Int32Array.from(this.items, (_, index) => index * 2).filter((entry) => !within(entry, from, to))
    return this.#intern(normalise(this.items, kept, -1), -1)
  }

  #grow(node: Node, classId: number, { from, to }: ItemRange): number {
    const variable = node.variable
    const { free, byCondition } = (node.index ??= this.#index(node))
    const { yes, maybe } = this.spaces[variable]!.get(classId)
    const alive = [...free]
    for (const id of yes) for (const entry of byCondition.get(id) ?? []) alive.push(entry)
    for (const id of maybe) for (const entry of byCondition.get(id) ?? []) alive.push(entry | 1)
    const entries = Int32Array.from(from === to ? alive : alive.filter((entry) => !within(entry, from, to))).sort()
    return this.#intern(normalise(this.items, entries, variable), variable)
  }

  #index(node: Node): ConditionIndex {
    const free: number[] = []
    const byCondition = new Map<number, number[]>()
    for (const entry of node.residual) {
      const condition = this.items[entry >> 1]!.conditions[node.variable]
      if (condition === undefined) free.push(entry)
      else {
        const list = byCondition.get(condition.id)
        if (list) list.push(entry)
        else byCondition.set(condition.id, [entry])
      }
    }
    return { free, byCondition }
  }

  #intern(residual: Residual, after: Variable): number {
    const variable = nextVariable(this.items, residual, after)
    const hash = hashOf(residual, variable)
    const bucket = this.#byHash.get(hash) ?? []
    for (const id of bucket) {
      const node = this.#nodes[id]!
      if (node.variable === variable && sameEntries(node.residual, residual)) return id
    }
    const id = this.#nodes.length
    const leaf = variable === -1 ? leafOf(possibleOfItems(this.items, residual)) : null
    this.#nodes.push({ residual, variable, children: new Map(), leaf, index: null })
    this.#byHash.set(hash, [...bucket, id])
    return id
  }
}

export function leafOf(outcomes: readonly Outcome[]): Leaf {
  return { outcomes, certain: outcomes.every((outcome) => sameEffect(outcome, outcomes[0]!)) }
}

/**
 * Leaves out what no walk can reach any more: items behind one that certainly ends the walk or certainly skips them,
 * unless a skip that is still open may land on them.
 */
function normalise(items: readonly Item[], residual: Residual, after: Variable): Residual {
  const kept: number[] = []
  let landings: number[] = []
  let reached = true
  for (const entry of residual) {
    const index = entry >> 1
    if (!reached) {
      if (!landings.some((to) => to <= index)) continue
      reached = true
    }
    landings = landings.filter((to) => to > index)
    const { target, last } = items[index]!
    const certain = last <= after && (entry & 1) === 0
    const passedOver = certain && target.kind === 'skip' && !landings.some((to) => to < target.to)
    if (!passedOver) kept.push(entry)
    if (target.kind === 'skip') landings.push(target.to)
    if (!certain) continue
    if (landings.length === 0) break
    reached = false
  }
  return Int32Array.from(kept.filter((entry, at) => !skipsNothing(items, kept, entry, at)))
}

function skipsNothing(items: readonly Item[], kept: readonly number[], entry: number, at: number): boolean {
  const target = items[entry >> 1]!.target
  if (target.kind === 'act') return false
  const next = kept[at + 1]
  return next === undefined || next >> 1 >= target.to
}

function nextVariable(items: readonly Item[], residual: Residual, after: Variable): Variable {
  let next = Number.MAX_SAFE_INTEGER
  for (const entry of residual) {
    const { conditions, last } = items[entry >> 1]!
    if (last <= after) continue
    for (let v = after + 1; v <= last && v < next; v++) if (conditions[v] !== undefined) next = v
  }
  return next === Number.MAX_SAFE_INTEGER ? -1 : next
}

function within(entry: number, from: number, to: number): boolean {
  return entry >> 1 >= from && entry >> 1 < to
}

function lowerBound(residual: Residual, wanted: number): number {
  let low = 0
  let high = residual.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (residual[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function hashOf(residual: Residual, variable: number): number {
  let hash = 0x811c9dc5 ^ variable
  for (const entry of residual) hash = Math.imul(hash ^ entry, 0x01000193) ^ (hash >>> 15)
  return hash
}

function sameEntries(a: Residual, b: Residual): boolean {
  return a.length === b.length && a.every((entry, index) => entry === b[index])
}
