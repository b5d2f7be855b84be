import { formatAddress, type DomainName } from '@sallyport/net'
import { decideAtStage, policyFromAllows, type Flow, type Policy, type World } from '@sallyport/policy'

/** How a rule can name where a flow went, so that the rule holds for it. */
export type SeenDestination = {
  readonly kind: 'name' | 'address'
  readonly text: string
  readonly assurance: 'verified' | 'dns'
}

/**
 * The narrowest form that an allow rule accepts for this flow: its verified name, a bound name, its address. The meaning itself
 * is asked, so that what a name is worth is said in one place. `null`: no rule could allow it.
 */
export function seenDestination(flow: Flow, world: World, nowMs: number): SeenDestination | null {
  const names: readonly DomainName[] = flow.domain ? [flow.domain] : (flow.boundNames ?? [])
  const forms: SeenDestination[] = [
    ...names.map((text) => ({ kind: 'name', text, assurance: 'verified' }) as const),
    ...names.map((text) => ({ kind: 'name', text, assurance: 'dns' }) as const),
    ...(flow.dst ? [{ kind: 'address', text: formatAddress(flow.dst), assurance: 'verified' } as const] : []),
  ]
  return forms.find((form) => decideAtStage(allowing(form), flow, world, nowMs, 'content').verdict === 'allow') ?? null
}

function allowing({ text, assurance }: SeenDestination): Policy {
  const layer = policyFromAllows([text])
  return { layers: [{ ...layer, rules: layer.rules.map((rule) => ({ ...rule, assurance })) }] }
}
