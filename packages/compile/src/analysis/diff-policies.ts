import { decided, sameEffect, type Flow, type Policy, type Verdict, type World } from '@sallyport/policy'
import { jointRules } from './joint-rules.ts'
import { wholeTrack } from './track.ts'
import { walkRegions } from './walk-regions.ts'

/** Flows whose verdict changes alike, in words, with one of them as an example. */
export type Region = {
  readonly description: string
  readonly before: Verdict
  readonly after: Verdict
  readonly witness: Flow
}

const REGION_LIMIT = 1000

/** Exact: empty when, and only when, no flow with known facts changes its verdict or its mode. At most `limit` regions. */
export function diffPolicies(
  before: Policy,
  after: Policy,
  world: World,
  atMs: number,
  limit: number = REGION_LIMIT,
): readonly Region[] {
  const joint = jointRules([before, after], world, atMs)
  const [old, candidate] = joint.diagrams
  const raw = walkRegions(joint, {
    tracks: joint.diagrams.map(wholeTrack),
    barren: ([a, b]) =>
      a!.length === 1 && joint.signatures.of(old!, a![0]!) === joint.signatures.of(candidate!, b![0]!),
    selects: ([a, b]) => !sameEffect(a!, b!),
    limit,
  })
  return raw.map(({ constraints, outcomes, witness }) => ({
    description: constraints.length === 0 ? 'every flow' : constraints.join('; '),
    before: decided(outcomes[0]!, 'content'),
    after: decided(outcomes[1]!, 'content'),
    witness,
  }))
}
