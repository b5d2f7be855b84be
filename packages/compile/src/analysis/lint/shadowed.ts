import { inForce, type Policy, type Rule, type World } from '@sallyport/policy'
import { rangesOfRules } from '../../diagram/items-of-policy.ts'
import { AnalysisTooLargeError } from '../analysis-too-large.ts'
import { finding, type Finding } from '../finding.ts'
import { jointRules } from '../joint-rules.ts'
import { RuleLeftOut } from './rule-left-out.ts'

/** Nodes visited for one rule, and for all of them: seconds, whatever the policy. */
const VISITS_FOR_ONE = 100_000
const VISITS_FOR_ALL = 3_000_000
const VISITS_AT_LEAST = 4_000

/**
 * Rules without which every flow would be decided alike, and among them those that decide nothing at all. Exact: a rule
 * for which too many cases would have to be looked at is named as one that is not known.
 */
export function shadowed(policy: Policy, world: World, atMs: number): readonly Finding[] {
  const joint = jointRules([policy], world, atMs)
  const ranges = rangesOfRules(joint.diagrams[0]!.items)
  let left = VISITS_FOR_ALL
  return policy.layers.flatMap((layer) =>
    layer.rules.flatMap((rule) => {
      const range = ranges.get(rule)
      if (range === undefined || !inForce(rule, atMs)) return []
      const visits = Math.max(VISITS_AT_LEAST, Math.min(VISITS_FOR_ONE, left))
      const budget = { visits }
      const found = shadowedRule(new RuleLeftOut(joint, rule, range, budget), rule)
      left -= visits - budget.visits
      return found
    }),
  )
}

function shadowedRule(leftOut: RuleLeftOut, rule: Rule): readonly Finding[] {
  try {
    if (leftOut.matters()) return []
    const instead = leftOut.instead()
    if (instead !== null)
      return [finding('redundant-rule', 'warning', rule, `changes nothing: ${said(instead)} decides alike`, instead)]
    if (rule.action === 'pass')
      return [finding('redundant-rule', 'warning', rule, 'passes on nothing that decides otherwise')]
    const related = leftOut.shadowing()
    if (related === null) return [finding('never-matches', 'warning', rule, 'no flow can satisfy all its conditions')]
    return [finding('unreachable-rule', 'warning', rule, `never decides: ${said(related)} comes first`, related)]
  } catch (error) {
    if (!(error instanceof AnalysisTooLargeError)) throw error
    return [finding('analysis-incomplete', 'info', rule, `whether it changes anything is not known`)]
  }
}

function said(related: readonly string[]): string {
  return related.length === 0 ? 'the default' : related.slice(0, 3).join(', ')
}
