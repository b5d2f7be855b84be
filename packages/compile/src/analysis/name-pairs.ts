import type { Diagram } from '../diagram/diagram.ts'
import { AnalysisTooLargeError } from './analysis-too-large.ts'
import type { NameValue } from './value-space.ts'

const PAIRS_UP_TO = 200_000

/** The node that each diagram reaches under a name, and the earliest and latest rank with which it may end there. */
export type NamedState = {
  readonly name: NameValue
  readonly nodes: readonly number[]
  readonly ranks: readonly Ranks[]
}
type Ranks = { readonly first: number; readonly last: number }

export function namedState(diagrams: readonly Diagram[], name: NameValue, nodes: readonly number[]): NamedState {
  return { name, nodes, ranks: nodes.map((node, at) => ranksOf(diagrams[at]!, node)) }
}

function ranksOf(diagram: Diagram, node: number): Ranks {
  const ranks = diagram.alive(node).flatMap((index) => {
    const { target } = diagram.items[index]!
    return target.kind === 'act' ? [target.outcome.rank] : []
  })
  return { first: ranks.reduce((a, b) => Math.min(a, b)), last: ranks.reduce((a, b) => Math.max(a, b)) }
}

/**
 * Names that one flow can have together, several bound ones or a verified one beside a bound one, as far as they end
 * otherwise than one of them alone: where the same name comes first in every diagram, the other adds nothing.
 */
export function* namePairs(states: readonly NamedState[]): Generator<readonly [NamedState, NamedState]> {
  const worth = (certainty: NameValue['certainty']): readonly NamedState[] =>
    states.filter(({ name }) => name.certainty === certainty)
  const bound = worth('bound')
  let count = 0
  const tooMany = (): boolean => ++count > PAIRS_UP_TO
  for (const unverified of [worth('certain'), worth('nameless')]) {
    for (const [at, a] of unverified.entries()) {
      for (let other = at + 1; other < unverified.length; other++) {
        const b = unverified[other]!
        if (!together(a, b) || !(mayTurn(a, b) || mayTurn(b, a))) continue
        if (tooMany()) throw new AnalysisTooLargeError('too many names that rules decide in another order')
        yield [a, b]
      }
    }
  }
  for (const a of [...worth('certain'), ...worth('evidence')]) {
    for (const b of bound) {
      if (!together(a, b) || !b.ranks.some(({ first }, at) => first < a.ranks[at]!.last)) continue
      if (tooMany()) throw new AnalysisTooLargeError('too many names that are bound beside another')
      yield [a, b]
    }
  }
}

function together(a: NamedState, b: NamedState): boolean {
  return a.name.name !== null && b.name.name !== null && a.name.name !== b.name.name
}

/** Whether `a` may come first in one diagram and `b` in another. */
function mayTurn(a: NamedState, b: NamedState): boolean {
  const first = a.ranks.some((ranks, at) => ranks.first < b.ranks[at]!.last)
  return first && b.ranks.some((ranks, at) => ranks.first < a.ranks[at]!.last)
}
