import type { Flow } from '../flow.ts'
import type { Policy } from '../policy.ts'
import { STAGES, type Stage, type Verdict } from '../verdict.ts'
import type { World } from '../world.ts'
import { factsAtStage } from './facts-at-stage.ts'
import { matchImplicit } from './implicit.ts'
import { missingFacts } from './missing-facts.ts'
import { sameEffect, type Outcome } from './outcome.ts'
import { possibleOutcomes } from './possible-outcomes.ts'

/**
 * The meaning of a policy. Everything faster is tested to be equal to this.
 *
 * The first rule that holds decides. Where facts are unknown, the verdict is certain when every way the policy may end
 * has the same effect, and `stage` is the earliest stage at which that is so; else it is undetermined. The rule cited is
 * the one that decides by all the facts there are.
 */
export function decide(policy: Policy, flow: Flow, world: World, nowMs: number, lastStage: Stage = 'content'): Verdict {
  for (const stage of STAGES) {
    const verdict = decideAtStage(policy, factsAtStage(flow, stage), world, nowMs, stage)
    if (stage === lastStage) return verdict
    if (verdict.verdict !== 'undetermined') {
      const last = decideAtStage(policy, factsAtStage(flow, lastStage), world, nowMs, lastStage)
      return last.verdict === 'undetermined' ? last : { ...last, stage }
    }
  }
  throw new Error(`no such stage: ${lastStage}`)
}

/** The verdict from the facts given, as if no later stage existed. */
export function decideAtStage(policy: Policy, flow: Flow, world: World, nowMs: number, stage: Stage): Verdict {
  const implicit = matchImplicit(flow)
  const layer = policy.layers.at(-1)?.name ?? ''
  if (implicit !== null) {
    const explain = `allowed without a rule: ${implicit.what}`
    return { verdict: 'allow', rule: null, layer, mode: 'enforce', stage, reason: 'implicit', explain }
  }
  const { outcomes, uncertain } = possibleOutcomes(policy, flow, world, nowMs)
  const [first, ...rest] = outcomes
  if (first === undefined) throw new Error('a policy always ends')
  if (rest.every((outcome) => sameEffect(outcome, first))) return decided(first, stage)
  return undetermined(first, stage, missingFacts(uncertain, flow))
}

export function decided(outcome: Outcome, stage: Stage): Verdict {
  const { verdict, mode, layer, reason, how } = outcome
  const rule = outcome.rule?.id ?? null
  const common = { rule, layer, mode, stage, reason, explain: sentence(outcome) }
  return verdict === 'allow' ? { verdict, ...common } : { verdict, ...common, how }
}

export function undetermined(first: Outcome, stage: Stage, needs: readonly string[]): Verdict {
  const explain = `not certain at stage ${stage}: rule ${first.rule?.id ?? '(default)'} may hold; needs ${needs.join(', ')}`
  const { mode, layer } = first
  return {
    verdict: 'undetermined',
    rule: first.rule?.id ?? null,
    layer,
    mode,
    stage,
    reason: 'missing-facts',
    needs,
    explain,
  }
}

function sentence({ verdict, rule, layer, mode, reason }: Outcome): string {
  const does = verdict === 'allow' ? 'allowed' : mode === 'monitor' ? 'would be denied (monitor)' : 'denied'
  if (rule !== null) return `${does} by rule ${rule.id} of ${layer}${rule.reason ? `: ${rule.reason}` : ''}`
  if (reason === 'metadata-address') return `${does}: cloud metadata address, which no rule names`
  return `${does} by the default of ${layer}: no rule matches`
}
