import type { Policy, Position, Rule, World } from '@sallyport/policy'
import { expired } from './lint/expired.ts'
import { neverMatches } from './lint/never-matches.ts'
import { shadowed } from './lint/shadowed.ts'
import { wideAllow } from './lint/wide-allow.ts'

export type Finding = {
  readonly code:
    'unreachable-rule' | 'redundant-rule' | 'never-matches' | 'expired' | 'wide-allow' | 'analysis-incomplete'
  readonly severity: 'error' | 'warning' | 'info'
  readonly rule: string | null
  readonly message: string
  readonly position: Position | null
  /** Ids of other rules that it is about. */
  readonly related: readonly string[]
}

/** What is probably a mistake in a policy that is valid. */
export function lintPolicy(policy: Policy, world: World, atMs: number): readonly Finding[] {
  const rules = policy.layers.flatMap((layer) => layer.rules)
  return [
    ...rules.flatMap((rule) => [...expired(rule, atMs), ...wideAllow(rule), ...neverMatches(rule, world)]),
    ...shadowed(policy, world, atMs),
  ]
}

export function finding(
  code: Finding['code'],
  severity: Finding['severity'],
  rule: Rule,
  message: string,
  related: readonly string[] = [],
): Finding {
  return { code, severity, rule: rule.id, message: `rule ${rule.id}: ${message}`, position: rule.position, related }
}
