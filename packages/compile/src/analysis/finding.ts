import type { Position, Rule } from '@sallyport/policy'

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

export function finding(
  code: Finding['code'],
  severity: Finding['severity'],
  rule: Rule,
  message: string,
  related: readonly string[] = [],
): Finding {
  return { code, severity, rule: rule.id, message: `rule ${rule.id}: ${message}`, position: rule.position, related }
}
