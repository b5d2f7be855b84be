import type { Flow } from '../flow.ts'
import type { Policy } from '../policy.ts'
import type { World } from '../world.ts'
import { matchRule } from './match-rule.ts'
import { missingFacts } from './missing-facts.ts'
import { nameCandidates } from './name-candidate.ts'
import { inForce } from './schedule-holds.ts'

export type RuleTrace = {
  readonly layer: string
  readonly rule: string
  readonly action: string
  readonly result: 'holds' | 'does not hold' | 'may hold' | 'not in force'
  /** The name under which it holds, when the flow has several. */
  readonly name: string | null
  readonly needs: readonly string[]
}

/** What every rule says of the flow, in order, under each of its names. */
export function explainFlow(policy: Policy, flow: Flow, world: World, nowMs: number): readonly RuleTrace[] {
  return policy.layers.flatMap((layer) =>
    layer.rules.map((rule): RuleTrace => {
      const trace = { layer: layer.name, rule: rule.id, action: rule.action, name: null, needs: [] }
      if (!inForce(rule, flow.time ?? nowMs)) return { ...trace, result: 'not in force' }
      const matches = nameCandidates(flow).map((candidate) => ({
        candidate,
        match: matchRule(rule, flow, candidate, world),
      }))
      const holding = matches.find(({ match }) => match === 'yes')
      if (holding) return { ...trace, result: 'holds', name: holding.candidate.name }
      if (matches.every(({ match }) => match === 'no')) return { ...trace, result: 'does not hold' }
      return { ...trace, result: 'may hold', needs: missingFacts([rule], flow) }
    }),
  )
}
