import type { CompiledRules } from '@sallyport/compile'
import type { HandshakeFacts } from '@sallyport/inspect'
import type { DomainName } from '@sallyport/net'
import type { Flow, Verdict } from '@sallyport/policy'

/** What a handshake tells beside the facts of the walk so far. */
export function flowOfHandshake({ protocol, domain, ech }: HandshakeFacts, boundNames: readonly DomainName[]): Flow {
  const flow: Flow = { boundNames, protocol, http: null, content: null }
  // An outer name that the resolver never gave this address for is a cover: what the inner one says is not known. GREASE, which
  // looks the same, comes with the name that was asked for.
  if (ech && domain !== null && !boundNames.includes(domain)) return flow
  return { ...flow, domain }
}

/** The rest of a decision that stopped at `node`. `null`: nobody knows where it stopped, which denies. */
export function judgeHandshake(
  rules: CompiledRules,
  node: number | null,
  facts: HandshakeFacts,
  boundNames: readonly DomainName[],
): Verdict | null {
  if (node === null) return null
  const verdict = rules.resume(node, flowOfHandshake(facts, boundNames))
  if (facts.problem === null || verdict.verdict !== 'allow') return verdict
  const { layer, mode, rule } = verdict
  const explain = `the handshake may not be trusted: ${facts.problem}`
  return { verdict: 'deny', rule, layer, mode, stage: 'handshake', reason: 'bad-handshake', how: 'reject', explain }
}
