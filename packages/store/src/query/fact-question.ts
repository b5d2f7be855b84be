import { COLUMN_FACTS, OTHER_FACTS, type ColumnFact, type OtherFact } from '../ingest/known-facts.ts'

/** What a policy, and a report on it, can tell flows apart by. */
export type FactQuestion = {
  /**
   * Facts of the policy language. The address counts all the same where it has a meaning of its own, or where a flow has no name that stands
   * for it; what is known of `app` and `user` always does.
   */
  readonly facts: readonly string[]
  /** Whether the rule and the reason of what became of a flow count, beside whether it left. */
  readonly byReason: boolean
  /** Schedules and expiry change on no finer step. */
  readonly byMinute: boolean
  /** So many applications and users of a group are listed, where they do not tell groups apart. */
  readonly listed: number
}

export const LISTED = ['app', 'user'] as const
export type Listed = (typeof LISTED)[number]

/** Facts that tell groups apart by their value; names of columns, which become part of a statement. */
export function keyFacts({ facts }: FactQuestion): readonly ColumnFact[] {
  return COLUMN_FACTS.filter((fact) => facts.includes(fact))
}

export function otherKeys({ facts }: FactQuestion): readonly OtherFact[] {
  return OTHER_FACTS.filter((fact) => facts.includes(fact))
}

export function listedFacts({ facts, listed }: FactQuestion): readonly Listed[] {
  return listed === 0 ? [] : LISTED.filter((fact) => !facts.includes(fact))
}

export function hasNames({ facts }: FactQuestion): boolean {
  return facts.includes('domain') || facts.includes('boundNames')
}
