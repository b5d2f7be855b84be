import type { CompiledPolicy } from '@sallyport/compile'
import { addressScope, formatAddress, isLocalName, type Address } from '@sallyport/net'
import type { Flow, Limit, Policy, Rule, Verdict } from '@sallyport/policy'
import { refusal, type Refusal } from '../answers.ts'
import { namesAddress } from './names-address.ts'

/** `later`: not certain yet. A flow that monitor mode lets through is allowed, and its verdict says deny. */
export type Judged =
  | { readonly outcome: 'allow' | 'later'; readonly verdict: Verdict }
  | { readonly outcome: 'deny'; readonly verdict: Verdict | null; readonly refusal: Refusal }

/** A rule that lets flows through, and what all of them together may move. */
export type LimitedRule = { readonly id: string; readonly layer: string; readonly limit: Limit }

/** The policy as the proxy asks it. A bug in the decision denies. */
export class ProxyJudge {
  readonly #policy: CompiledPolicy
  readonly #rules: ReadonlyMap<string, Rule>

  constructor(policy: CompiledPolicy) {
    this.#policy = policy
    this.#rules = new Map(policy.policy.layers.flatMap(({ rules }) => rules.map((rule) => [rule.id, rule])))
  }

  get policy(): Policy {
    return this.#policy.policy
  }

  /** `isLast`: no later point sees more of the flow, so what is not certain is denied. */
  judge(flow: Flow, isLast: boolean): Judged {
    try {
      const verdict = this.#policy.decide(flow)
      const judged = this.#outcome(verdict, isLast)
      if (judged.outcome === 'deny') return judged
      const within = flow.dst ? this.#withinScope(flow, flow.dst, judged) : judged
      return within.outcome === 'allow' ? this.#sameName(flow, within) : within
    } catch (error) {
      const why = `defect in the decision: ${error instanceof Error ? error.message : String(error)}`
      return { outcome: 'deny', verdict: null, refusal: refusal('policy-failure', why) }
    }
  }

  /** Whether the rule that allows asks for the requests inside TLS. */
  asksForInspection({ verdict }: Judged): boolean {
    const rule = verdict?.rule ?? null
    return rule !== null && this.#rules.get(rule)?.inspect === 'tls'
  }

  /** What the rule that allows sets on the request. */
  headersOf({ verdict }: Judged): Readonly<Record<string, string>> | null {
    if (verdict?.verdict !== 'allow' || verdict.rule === null) return null
    return this.#rules.get(verdict.rule)?.headers ?? null
  }

  /** The rule that allows, where it has a limit. */
  limitedRule({ verdict }: Judged): LimitedRule | null {
    if (verdict?.verdict !== 'allow' || verdict.rule === null || verdict.layer === null) return null
    const limit = this.#rules.get(verdict.rule)?.limit ?? null
    return limit === null ? null : { id: verdict.rule, layer: verdict.layer, limit }
  }

  #outcome(verdict: Verdict, isLast: boolean): Judged {
    if (verdict.verdict === 'allow') return { outcome: 'allow', verdict }
    if (verdict.verdict === 'undetermined' && !isLast) return { outcome: 'later', verdict }
    if (verdict.mode === 'monitor') return { outcome: 'allow', verdict }
    const { rule, layer, explain } = verdict
    const isSilent = verdict.verdict === 'deny' && verdict.how === 'drop'
    const reason = verdict.verdict === 'deny' ? 'denied' : 'undetermined'
    return { outcome: 'deny', verdict, refusal: { reason, rule, layer, explain, isSilent } }
  }

  /** A proxy stands in networks that its clients must not reach through it (server-side request forgery). */
  #withinScope(flow: Flow, dst: Address, judged: Judged & { readonly verdict: Verdict }): Judged {
    const scope = addressScope(dst)
    if (scope === 'public' || this.#isNamed(flow, dst, judged)) return judged
    const never = scope === 'unspecified' || scope === 'multicast'
    if (judged.verdict.mode === 'monitor' && !never) return judged
    const explain = `${formatAddress(dst)} is ${scope === 'unspecified' ? 'no address of a host' : `a ${scope} address`}${never ? '' : ', which no rule names'}`
    return { outcome: 'deny', verdict: judged.verdict, refusal: refusal('special-address', explain) }
  }

  /** A handshake that names another host than the request needs a rule that allows it whatever its name; a default is none. */
  #sameName({ domain, boundNames }: Flow, judged: Judged & { readonly verdict: Verdict }): Judged {
    if (!domain || !boundNames || boundNames.length === 0 || boundNames.includes(domain)) return judged
    const { verdict, rule, mode } = judged.verdict
    if (mode === 'monitor' || (verdict === 'allow' && rule !== null)) return judged
    const explain = `the request is for ${boundNames[0]}, the handshake for ${domain}`
    return { outcome: 'deny', verdict: judged.verdict, refusal: refusal('name-mismatch', explain) }
  }

  #isNamed(flow: Flow, dst: Address, { verdict, outcome }: Judged & { readonly verdict: Verdict }): boolean {
    const scope = addressScope(dst)
    if (scope === 'unspecified' || scope === 'multicast') return false
    if (this.#ruleNames(verdict, dst)) return true
    // While it is open which rule decides, one that may is enough; when it is certain, that rule must name the address.
    const mayName = (rule: Rule): boolean => rule.action === 'allow' && namesAddress(rule, dst)
    if (outcome === 'later' && [...this.#rules.values()].some(mayName)) return true
    // A local name that a rule names may lead into the network that gives it; never to the proxy's own host or link.
    const rule = verdict.rule === null ? null : this.#rules.get(verdict.rule)
    const isLocal = flow.boundNames?.some(isLocalName) === true
    if (scope === 'private' && isLocal && rule?.to?.some((term) => term.domain !== undefined) === true) return true
    // Another rule may name the address as such, whatever name led to it.
    const bare = this.#policy.decide({ ...flow, domain: null, boundNames: [] })
    return bare.verdict !== 'deny' && this.#ruleNames(bare, dst)
  }

  #ruleNames(verdict: Verdict, dst: Address): boolean {
    const rule = verdict.rule === null ? undefined : this.#rules.get(verdict.rule)
    return rule !== undefined && rule.action === 'allow' && namesAddress(rule, dst)
  }
}
