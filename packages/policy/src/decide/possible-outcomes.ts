import type { Flow } from '../flow.ts'
import type { Policy, Rule } from '../policy.ts'
import type { World } from '../world.ts'
import { matchRule } from './match-rule.ts'
import { isMetadataAddress } from './metadata-address.ts'
import { nameCandidates, type NameCandidate } from './name-candidate.ts'
import { defaultOutcome, ruleOutcome, type Outcome } from './outcome.ts'
import { inForce } from './schedule-holds.ts'

type Possible = {
  /** By rank, each once; more than one only where facts are unknown. */
  readonly outcomes: readonly Outcome[]
  /** Rules that may or may not hold. */
  readonly uncertain: readonly Rule[]
}

/** Every way the policy may end for the flow, whatever the unknown facts turn out to be. */
export function possibleOutcomes(policy: Policy, flow: Flow, world: World, nowMs: number): Possible {
  const each = nameCandidates(flow).map((candidate) => outcomesForName(policy, flow, candidate, world, nowMs))
  // The earliest of one outcome for each name: none can be later than the latest of any name.
  const bound = Math.min(...each.map(({ outcomes }) => Math.max(...outcomes.map(({ rank }) => rank))))
  const byRank = new Map<number, Outcome>()
  for (const { outcomes } of each) {
    for (const outcome of outcomes) if (outcome.rank <= bound) byRank.set(outcome.rank, outcome)
  }
  return {
    outcomes: [...byRank.values()].sort((a, b) => a.rank - b.rank),
    uncertain: [...new Set(each.flatMap(({ uncertain }) => uncertain))],
  }
}

function outcomesForName(policy: Policy, flow: Flow, candidate: NameCandidate, world: World, nowMs: number): Possible {
  const timeMs = flow.time ?? nowMs
  const outcomes: Outcome[] = []
  const uncertain: Rule[] = []
  let rank = 0
  for (const layer of policy.layers) {
    const nextLayerRank = rank + layer.rules.length
    let handedOn = true
    for (const [index, rule] of layer.rules.entries()) {
      if (!inForce(rule, timeMs)) continue
      const match = matchRule(rule, flow, candidate, world)
      if (match === 'no') continue
      if (match === 'maybe') uncertain.push(rule)
      if (rule.action !== 'pass') outcomes.push(ruleOutcome(rank + index, rule, layer))
      if (match === 'yes') {
        handedOn = rule.action === 'pass' || passMayHold(layer.rules.slice(0, index), uncertain)
        break
      }
    }
    if (!handedOn) return { outcomes, uncertain }
    rank = nextLayerRank
  }
  const metadata = flow.dst !== undefined && flow.dst !== null && isMetadataAddress(flow.dst)
  return { outcomes: [...outcomes, defaultOutcome(policy, metadata)], uncertain }
}

function passMayHold(earlier: readonly Rule[], uncertain: readonly Rule[]): boolean {
  return earlier.some((rule) => rule.action === 'pass' && uncertain.includes(rule))
}
