import type { HandshakeFacts } from '@sallyport/inspect'
import type { DomainName } from '@sallyport/net'
import type { EnforcedVerdict, Flow, Verdict } from '@sallyport/policy'

/** What a handshake tells beside the facts of the walk so far. */
function flowOfHandshake({ protocol, domain, ech }: HandshakeFacts, boundNames: readonly DomainName[]): Flow {
  const flow: Flow = { boundNames, protocol, http: null, content: null }
  // An outer name that the resolver never gave this address for is a cover: what the inner one says is not known. GREASE, which
  // looks the same, comes with the name that was asked for.
  if (ech && domain !== null && !boundNames.includes(domain)) return flow
  return { ...flow, domain }
}

/** The verdict of a policy that is asked with what the handshake tells. */
export function judgeHandshake(
  decide: (told: Flow) => Verdict,
  facts: HandshakeFacts,
  boundNames: readonly DomainName[],
): EnforcedVerdict {
  const verdict = decide(flowOfHandshake(facts, boundNames))
  if (facts.problem === null || verdict.verdict !== 'allow') return verdict
  const { layer, mode, rule } = verdict
  const explain = `the handshake may not be trusted: ${facts.problem}`
  return { verdict: 'deny', rule, layer, mode, stage: 'handshake', reason: 'bad-handshake', how: 'reject', explain }
}
