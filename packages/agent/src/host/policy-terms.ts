import type { AppPattern, Policy, SubjectTerm } from '@sallyport/policy'

export function subjectTerms(policy: Policy): readonly SubjectTerm[] {
  return policy.layers.flatMap(({ rules }) => rules.flatMap(({ from, exceptFrom }) => [...(from ?? []), ...exceptFrom]))
}

export type ProcessFact = 'user' | 'groups' | 'app' | 'appSha256' | 'unit'

/** What a policy asks of the processes of one host. A walk through all its rules: once for each policy. */
export function askedOfProcesses(policy: Policy): ReadonlySet<ProcessFact> {
  return new Set(
    subjectTerms(policy).flatMap(({ user, group, app = [], unit }): readonly ProcessFact[] => [
      ...(user === undefined ? [] : ['user' as const]),
      ...(group === undefined ? [] : ['groups' as const]),
      ...app.map(({ kind }) => (kind === 'path' ? ('app' as const) : ('appSha256' as const))),
      ...(unit === undefined ? [] : ['unit' as const]),
    ]),
  )
}

export function policyApps(policy: Policy): readonly AppPattern[] {
  return subjectTerms(policy).flatMap(({ app }) => app ?? [])
}

/** Values of one subject key that the policy names anywhere, each once. */
export function namedSubjects(policy: Policy, key: 'user' | 'group' | 'unit'): readonly string[] {
  return [...new Set(subjectTerms(policy).flatMap((term) => term[key] ?? []))]
}
