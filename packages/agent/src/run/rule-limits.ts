import type { LimitName, RuleLimit } from '@sallyport/kernel'
import type { EnforcedVerdict, EnforcementDenial, EnforcementReason, Policy } from '@sallyport/policy'

/** Rules that let through only so much, numbered through all layers. */
export function ruleLimits({ layers }: Policy): readonly RuleLimit[] {
  return layers
    .flatMap(({ name, rules }) => rules.map((rule) => ({ layer: name, rule })))
    .flatMap(({ layer, rule }, number) =>
      rule.action === 'allow' && rule.limit !== null
        ? [{ ...rule.limit, rule: number, owner: ownerOf(layer, rule.id) }]
        : [],
    )
}

/** The number of the rule by which a flow is allowed; null where it has no limit. */
export function limitedRuleOf(limits: readonly RuleLimit[], verdict: EnforcedVerdict | null): number | null {
  if (verdict?.verdict !== 'allow' || verdict.rule === null) return null
  const owner = ownerOf(verdict.layer, verdict.rule)
  return limits.find((limit) => limit.owner === owner)?.rule ?? null
}

function ownerOf(layer: string, rule: string): string {
  return JSON.stringify([layer, rule])
}

const REASONS: Readonly<Record<LimitName, EnforcementReason>> = {
  bytesOut: 'limit-bytes-out',
  bytesIn: 'limit-bytes-in',
  connections: 'limit-connections',
}

export function reasonOfLimit(limit: LimitName): EnforcementReason {
  return REASONS[limit]
}

/** What would be allowed, but for what its rule has let through before. */
export function overLimit(verdict: EnforcedVerdict, limit: LimitName): EnforcementDenial {
  const { layer, rule, mode, stage } = verdict
  return {
    verdict: 'deny',
    rule,
    layer,
    mode,
    stage,
    reason: reasonOfLimit(limit),
    how: 'reject',
    explain: overText(rule, layer, limit),
  }
}

export function overText(rule: string | null, layer: string, limit: LimitName): string {
  return `denied: rule ${rule} of ${layer} has let through all that its limit of ${limit} allows`
}
