import { sameEffect, type Outcome } from '@sallyport/policy'
import type { LeafWords } from './image-writer.ts'

const NO_RULE = 0xffffffff
export const UNDETERMINED = 2
const LIMITED = 3

/** Where a walk leads nowhere. */
export const FAIL_CLOSED: LeafWords = { verdict: UNDETERMINED, mode: 0, how: 0, sole: false, rank: 0, rule: NO_RULE }

/** A leaf that is not certain is watched only when no way it may end stops the flow. */
export function mayStop(outcome: Outcome): boolean {
  return outcome.mode === 'enforce' && (outcome.verdict === 'deny' || isLimited(outcome))
}

function isLimited({ verdict, rule }: Outcome): boolean {
  return verdict === 'allow' && rule !== null && rule.limit !== null
}

/** What a flow moves counts for one rule, so that rules with a limit are not alike. */
export function sameInKernel(a: Outcome, b: Outcome): boolean {
  return sameEffect(a, b) && (a.rank === b.rank || (!isLimited(a) && !isLimited(b)))
}

/** What the kernel reads where a walk ends. */
export function leafWords(outcomes: readonly Outcome[]): LeafWords {
  const first = outcomes[0]!
  const certain = outcomes.every((outcome) => sameInKernel(outcome, first))
  const { rank } = first
  const rule = first.rule === null ? NO_RULE : rank
  if (!certain) return { verdict: UNDETERMINED, mode: outcomes.some(mayStop) ? 0 : 1, how: 0, sole: false, rank, rule }
  return {
    verdict: first.verdict === 'allow' ? 0 : 1,
    mode: first.mode === 'enforce' ? 0 : 1,
    how: isLimited(first) ? LIMITED : first.how === 'reject' ? 0 : first.how === 'drop' ? 1 : 2,
    sole: outcomes.length === 1,
    rank,
    rule,
  }
}
