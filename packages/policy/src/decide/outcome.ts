import type { DenyKind, Layer, Mode, Policy, Rule } from '../policy.ts'
import type { DecisionReason } from '../verdict.ts'

/** One way a policy can end: a rule, or the default. `rank` is its place in the policy; the lowest wins between names. */
export type Outcome = {
  readonly rank: number
  readonly verdict: 'allow' | 'deny'
  readonly how: DenyKind
  readonly mode: Mode
  readonly rule: Rule | null
  readonly layer: string
  readonly reason: DecisionReason
}

export function ruleOutcome(rank: number, rule: Rule, layer: Layer): Outcome {
  const verdict = rule.action === 'deny' ? 'deny' : 'allow'
  return { rank, verdict, how: rule.how, mode: rule.mode, rule, layer: layer.name, reason: 'rule' }
}

/** What no rule decides. A metadata address is denied even where the default allows. */
export function defaultOutcome(policy: Policy, metadata: boolean): Outcome {
  const last = policy.layers.at(-1)
  const rank = policy.layers.reduce((sum, layer) => sum + layer.rules.length, 0) + (metadata ? 0 : 1)
  return {
    rank,
    verdict: last === undefined || metadata ? 'deny' : last.default,
    how: 'reject',
    mode: last?.mode ?? 'enforce',
    rule: null,
    layer: last?.name ?? '',
    reason: metadata ? 'metadata-address' : 'default',
  }
}

/** Two outcomes that are enforced alike. */
export function sameEffect(a: Outcome, b: Outcome): boolean {
  return a.verdict === b.verdict && a.mode === b.mode
}
