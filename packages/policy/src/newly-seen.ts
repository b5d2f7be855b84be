import type { DestinationTerm, Policy, Rule } from './policy.ts'

/** The category of domains that a resolver has seen for a short time only: it alone can tell, from what it has seen before. */
export const NEWLY_SEEN = 'newly-seen'

export function asksForNewlySeen({ layers }: Policy): boolean {
  const rules = layers.flatMap((layer) => layer.rules)
  return rules.some(({ to, exceptTo }) => [...(to ?? []), ...exceptTo].some(names))
}

/** The policy as it is for names that are newly seen, or for all others, without the category. */
export function policyForNames(policy: Policy, are: 'new' | 'known'): Policy {
  return {
    layers: policy.layers.map((layer) => ({ ...layer, rules: layer.rules.flatMap((rule) => ruleFor(rule, are)) })),
  }
}

function ruleFor(rule: Rule, are: 'new' | 'known'): readonly Rule[] {
  const to = rule.to?.flatMap((term) => termFor(term, are)) ?? null
  // A list that has become empty holds for nothing; `null` would be anything.
  if (to?.length === 0 && rule.to !== null && rule.to.length > 0) return []
  return [{ ...rule, to, exceptTo: rule.exceptTo.flatMap((term) => termFor(term, are)) }]
}

function termFor(term: DestinationTerm, are: 'new' | 'known'): readonly DestinationTerm[] {
  if (!names(term)) return [term]
  const { category = [], ...rest } = term
  if (are === 'new') return [rest]
  const others = category.filter((each) => each !== NEWLY_SEEN)
  return others.length === 0 ? [] : [{ ...rest, category: others }]
}

function names({ category }: DestinationTerm): boolean {
  return category?.includes(NEWLY_SEEN) === true
}
