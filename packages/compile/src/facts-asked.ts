import type { Flow } from '@sallyport/policy'
import type { AddressCondition } from './diagram/condition.ts'
import type { ConditionSet } from './diagram/condition-set.ts'
import { ADDRESS, variable, VARIABLES, type VariableName } from './diagram/variable.ts'

export type Fact = keyof Flow

/** What each variable looks at, and what a verdict that lacks a fact says that it needs. */
export const FACTS_OF: Readonly<Record<VariableName, readonly Fact[]>> = {
  device: ['device'],
  tags: ['tags'],
  posture: ['posture'],
  user: ['user'],
  groups: ['groups'],
  app: ['app', 'appSha256'],
  unit: ['unit'],
  container: ['container'],
  network: ['src'],
  port: ['transport', 'port'],
  address: ['dst'],
  name: ['boundNames', 'domain', 'protocol'],
  protocol: ['protocol'],
  http: ['http'],
  content: ['content'],
}

/** What passes without a rule is told by these, and by addresses that have a meaning of their own, which are never left out. */
const ALWAYS: readonly Fact[] = ['transport', 'port']

/**
 * The facts, beside the time, that a verdict can depend on: of two flows that are equal in these, and have or lack an address alike, the verdicts
 * are equal, unless an address is one of those that mean something without a rule (loopback, cloud metadata).
 */
export function factsAsked(conditions: ConditionSet): ReadonlySet<Fact> {
  const asked = VARIABLES.filter((name) => variable(name) !== ADDRESS && conditions.of(variable(name)).length > 0)
  return new Set([
    ...ALWAYS,
    ...asked.flatMap((name) => FACTS_OF[name]),
    ...conditions.of(ADDRESS).flatMap((condition) => addressFacts(condition as AddressCondition)),
  ])
}

function addressFacts({ alternatives }: AddressCondition): readonly Fact[] {
  return alternatives.flat().flatMap((part): readonly Fact[] => {
    switch (part.kind) {
      case 'ip':
      case 'set':
        return ['dst']
      case 'country':
      case 'continent':
        return ['dst', 'country']
      case 'asn':
        return ['dst', 'asn']
      case 'missing-set':
      case 'metadata':
        return []
    }
  })
}
