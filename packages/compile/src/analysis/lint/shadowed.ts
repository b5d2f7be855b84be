import { inForce, sameEffect, type Outcome, type Policy, type Rule, type World } from '@sallyport/policy'
import { AnalysisTooLargeError } from '../analysis-too-large.ts'
import { finding, type Finding } from '../finding.ts'
import { jointRules } from '../joint-rules.ts'
import { walkRegions } from '../walk-regions.ts'

/** Leaving each rule out is one more diagram to walk: beyond this many rules it is not done, and said. */
const RULES_LEFT_OUT_IN_TURN = 300

/** Rules without which every flow would be decided alike, and among them those that decide nothing at all. */
export function shadowed(policy: Policy, world: World, atMs: number): readonly Finding[] {
  const rules = policy.layers.flatMap((layer) => layer.rules).filter((rule) => inForce(rule, atMs))
  if (rules.length > RULES_LEFT_OUT_IN_TURN) {
    const message = `${rules.length} rules: unreachable and redundant rules are looked for up to ${RULES_LEFT_OUT_IN_TURN}`
    return [incomplete(message)]
  }
  try {
    return rules.flatMap((rule) => shadowedRule(policy, rule, world, atMs))
  } catch (error) {
    if (!(error instanceof AnalysisTooLargeError)) throw error
    return [incomplete(`unreachable and redundant rules are not looked for: ${error.message}`)]
  }
}

function incomplete(message: string): Finding {
  return { code: 'analysis-incomplete', severity: 'info', rule: null, message, position: null, related: [] }
}

function shadowedRule(policy: Policy, rule: Rule, world: World, atMs: number): readonly Finding[] {
  const joint = jointRules([policy, without(policy, rule)], world, atMs)
  const matters = walkRegions(joint, { selects: ([a, b]) => !sameEffect(a!, b!), limit: 1 })
  if (matters.length > 0) return []
  const decides = walkRegions(joint, { selects: ([a, b]) => cites(rule, a!, b!), limit: 50 })
  const alone = walkRegions(jointRules([only(policy, rule)], world, atMs), {
    selects: ([a]) => a!.rule === rule,
    limit: 50,
  })
  if (decides.length > 0) {
    const related = ids(decides.map(({ outcomes }) => outcomes[1]!))
    return [finding('redundant-rule', 'warning', rule, `changes nothing: ${said(related)} decides alike`, related)]
  }
  if (rule.action === 'pass')
    return [finding('redundant-rule', 'warning', rule, 'passes on nothing that decides otherwise')]
  if (alone.length === 0) return [finding('never-matches', 'warning', rule, 'no flow can satisfy all its conditions')]
  const related = ids(shadowing(policy, rule, world, atMs))
  return [finding('unreachable-rule', 'warning', rule, `never decides: ${said(related)} comes first`, related)]
}

function cites(rule: Rule, a: Outcome, b: Outcome): boolean {
  return a.rule === rule && b.rule !== rule
}

/** Who decides the flows that the rule, by itself, would match. */
function shadowing(policy: Policy, rule: Rule, world: World, atMs: number): readonly Outcome[] {
  const joint = jointRules([only(policy, rule), policy], world, atMs)
  return walkRegions(joint, { selects: ([a]) => a!.rule === rule, limit: 50 }).map(({ outcomes }) => outcomes[1]!)
}

function said(related: readonly string[]): string {
  return related.length === 0 ? 'the default' : related.slice(0, 3).join(', ')
}

function ids(outcomes: readonly Outcome[]): readonly string[] {
  return [...new Set(outcomes.flatMap(({ rule }) => (rule === null ? [] : [rule.id])))]
}

function without(policy: Policy, rule: Rule): Policy {
  return { layers: policy.layers.map((layer) => ({ ...layer, rules: layer.rules.filter((each) => each !== rule) })) }
}

function only(policy: Policy, rule: Rule): Policy {
  return { layers: policy.layers.map((layer) => ({ ...layer, rules: layer.rules.filter((each) => each === rule) })) }
}
