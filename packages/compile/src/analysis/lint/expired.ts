import type { Rule } from '@sallyport/policy'
import { finding, type Finding } from '../finding.ts'

export function expired(rule: Rule, atMs: number): readonly Finding[] {
  if (rule.untilMs === null || atMs < rule.untilMs) return []
  return [
    finding('expired', 'warning', rule, `ended at ${new Date(rule.untilMs).toISOString()}; remove it or renew it`),
  ]
}
