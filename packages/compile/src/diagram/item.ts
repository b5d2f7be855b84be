import type { Outcome, Rule } from '@sallyport/policy'
import type { Condition } from './condition.ts'

/** Conditions that must all hold, one of a variable at most. */
export type Conjunction = readonly Condition[]

/**
 * One conjunction of a policy, in policy order. `act` ends the walk with an outcome; `skip` goes on at the item with
 * index `to`: an exception skips the rest of its rule, `pass` the rest of its layer.
 */
export type Item = {
  readonly conditions: readonly (Condition | undefined)[]
  /** The highest variable with a condition, -1 without any. */
  readonly last: number
  /** Whose it is; `null` is the default. Items of one rule stand side by side. */
  readonly rule: Rule | null
  readonly target: { readonly kind: 'act'; readonly outcome: Outcome } | { readonly kind: 'skip'; to: number }
}
