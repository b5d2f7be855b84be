import { parseDomainName } from '@sallyport/net'
import { carriesName, protocolOf, type Flow } from '@sallyport/policy'
import type { Found } from '@sallyport/wire'
import { refusal } from '../answers.ts'
import type { Judged, ProxyJudge } from '../decide/proxy-judge.ts'

/** The facts of a tunnel after its first octets. */
export function tunnelFacts(flow: Flow, found: Found | null): Flow {
  const protocol = found === null ? 'other' : protocolOf(found.protocol)
  const stated = found === null || found.name === null || !carriesName(protocol) ? null : parseDomainName(found.name)
  const facts: Flow = { ...flow, protocol, domain: stated ?? flow.domain ?? null }
  // Requests inside TLS are there and cannot be seen: a rule that asks for them is uncertain, and so denies.
  return carriesName(protocol) ? facts : { ...facts, http: null, content: null }
}

/** The last word on a tunnel: nothing later sees more of it. */
export function judgeTunnel(judge: ProxyJudge, facts: Flow, found: Found | null): Judged {
  const judged = judge.judge(facts, true)
  if (judged.outcome === 'deny' || found === null || found.problem === null) return judged
  if (facts.protocol && !carriesName(facts.protocol)) return judged
  if (judged.verdict.mode === 'monitor') return judged
  return {
    outcome: 'deny',
    verdict: judged.verdict,
    refusal: refusal('bad-handshake', `${found.evidence.what}: ${found.problem}`),
  }
}
