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
 * otherwise than one of them alone: where the same name comes first in every track, the other adds nothing. One of the two
 * is always from `firsts`.
 */
export function* namePairs(
  firsts: readonly NamedState[],
  all: readonly NamedState[],
): Generator<readonly [NamedState, NamedState]> {
  let count = 0
  const counted = (pair: readonly [NamedState, NamedState]): readonly [NamedState, NamedState] => {
    if (++count > PAIRS_UP_TO) throw new AnalysisTooLargeError('too many names that rules decide in another order')
    return pair
  }
  for (const certainty of ['certain', 'nameless'] as const) {
    const others = worth(all, certainty)
    for (const a of worth(firsts, certainty)) {
      for (const b of others) if (mayTurn(a, b) && mayTurn(b, a) && together(a, b)) yield counted([a, b])
    }
  }
  const verified = (states: readonly NamedState[]): readonly NamedState[] => [
    ...worth(states, 'certain'),
    ...worth(states, 'evidence'),
  ]
  for (const [some, bound] of [
    [verified(firsts), worth(all, 'bound')],
    [verified(all), worth(firsts, 'bound')],
  ] as const) {
    for (const a of some) for (const b of bound) if (mayTurn(b, a) && together(a, b)) yield counted([a, b])
  }
}

function worth(states: readonly NamedState[], certainty: NameValue['certainty']): readonly NamedState[] {
  return states.filter(({ name }) => name.certainty === certainty)
}

function together(a: NamedState, b: NamedState): boolean {
  return a.name.name !== null && b.name.name !== null && a.name.name !== b.name.name
}

/** Whether `a` may come first in some track. */
function mayTurn({ ranks: a }: NamedState, { ranks: b }: NamedState): boolean {
  for (let at = 0; at < a.length; at++) if (a[at]!.first < b[at]!.last) return true
  return false
}
