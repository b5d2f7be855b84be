import { decided, type Flow, type Policy, type Verdict, type World } from '@sallyport/policy'
import { FACTS_OF } from '../facts-asked.ts'
import { VARIABLES } from '../diagram/variable.ts'
import { jointRules } from './joint-rules.ts'
import type { ClassValue } from './value-space.ts'
import { wholeTrack } from './track.ts'
import { walkRegions } from './walk-regions.ts'

type ReachQuery = {
  /** Facts that are fixed; the others range over everything. */
  readonly facts?: Flow
  readonly limit?: number
}

export type ReachRow = {
  readonly rule: string | null
  readonly description: string
  readonly verdict: Verdict
  readonly witness: Flow
}

/** Who can reach what: the regions of flows that the policy lets through, by the rule that does. */
export function reach(policy: Policy, world: World, atMs: number, query: ReachQuery = {}): readonly ReachRow[] {
  const joint = jointRules([policy], world, atMs)
  const fixed = query.facts ?? {}
  const wanted = VARIABLES.map((name, variable) => {
    if (name === 'name') return wantedName(fixed)
    const asked = FIXED_BY[name].some((fact) => fixed[fact] !== undefined)
    if (!asked) return null
    const wantedClass = joint.classOf(variable, fixed)
    return (value: ClassValue): boolean => value.class === wantedClass
  })
  const rows = walkRegions(joint, {
    tracks: joint.diagrams.map(wholeTrack),
    includes: (variable, value) => wanted[variable]?.(value) ?? true,
    selects: ([outcome]) => outcome!.verdict === 'allow' || outcome!.mode === 'monitor',
    limit: query.limit ?? 1000,
  })
  return rows.map(({ constraints, outcomes, witness }) => ({
    rule: outcomes[0]!.rule?.id ?? null,
    description: constraints.length === 0 ? 'anything' : constraints.join('; '),
    verdict: decided(outcomes[0]!, 'content'),
    witness: { ...witness, ...fixed },
  }))

  function wantedName(facts: Flow): ((value: ClassValue) => boolean) | null {
    if (facts.domain === undefined) return null
    const certain = joint.tables.nameClass({ name: facts.domain, certainty: 'certain' })
    return (value) => value.class === certain && 'certainty' in value && value.certainty === 'certain'
  }
}

/** A country and a network are kept as addresses. A name is looked for whatever protocol it comes by. */
const FIXED_BY: typeof FACTS_OF = { ...FACTS_OF, address: ['dst', 'country', 'asn'], name: ['domain', 'boundNames'] }
