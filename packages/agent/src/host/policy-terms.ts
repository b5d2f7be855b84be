import type { AppPattern, Policy, SubjectTerm } from '@sallyport/policy'

export function subjectTerms(policy: Policy): readonly SubjectTerm[] {
  return policy.layers.flatMap(({ rules }) => rules.flatMap(({ from, exceptFrom }) => [...(from ?? []), ...exceptFrom]))
}

/** Those that tell the processes of one host apart. */
export function processTerms(policy: Policy): readonly SubjectTerm[] {
  return subjectTerms(policy).filter(({ user, group, app, unit }) => user ?? group ?? app ?? unit)
}

export function policyApps(policy: Policy): readonly AppPattern[] {
  return subjectTerms(policy).flatMap(({ app }) => app ?? [])
}

/** Values of one subject key that the policy names anywhere, each once. */
export function namedSubjects(policy: Policy, key: 'user' | 'group' | 'unit'): readonly string[] {
  return [...new Set(subjectTerms(policy).flatMap((term) => term[key] ?? []))]
}
