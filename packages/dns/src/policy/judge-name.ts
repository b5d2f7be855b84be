import type { CompiledPolicy } from '@sallyport/compile'
import { formatAddress, isLocalName, type Address, type DomainName } from '@sallyport/net'
import type { Flow, Verdict } from '@sallyport/policy'
import type { NameVerdict } from '../options.ts'
import { isPrivateAddress } from '../private-address.ts'

/** Where no later point sees what the connection says: the answer alone decides. */
export const LAST_POINT: Flow = { domain: null, protocol: null }

/** What a look-up does not know, as if there were none. */
const NOTHING_ELSE: Flow = {
  dst: null,
  country: null,
  asn: null,
  port: null,
  transport: null,
  protocol: null,
  src: null,
  user: null,
  groups: null,
  app: null,
  unit: null,
  container: null,
  device: null,
  tags: null,
  posture: null,
}

/** A name is refused when no flow to it could ever be allowed. `facts` is what is known of the flow beside its name. */
export function judgeName(policy: CompiledPolicy, name: DomainName, facts: Flow): Verdict {
  const flow: Flow = { ...facts, boundNames: [name], time: Date.now() }
  const verdict = policy.decide(flow, 'handshake')
  if (verdict.verdict !== 'deny' || verdict.rule === null) return verdict
  // Of several rules of which one will deny, the name is no evidence for one that asks for addresses, ports or users.
  const sure = policy.decide({ ...NOTHING_ELSE, ...flow }, 'handshake')
  return sure.verdict === 'deny' ? sure : verdict
}

/**
 * A name that the policy allows does not open addresses of this network to whoever runs the name (rebinding): those need
 * a rule that names the address. Loopback is open to everyone anyway.
 */
export function judgePrivateAddress(
  policy: CompiledPolicy,
  name: DomainName,
  address: Address,
  facts: Flow,
): NameVerdict | null {
  if (!isPrivateAddress(address) || isLocalName(name)) return null
  const bare = policy.decide({ ...facts, domain: null, boundNames: [], dst: address, time: Date.now() }, 'handshake')
  // A policy that allows what no rule matches names no address by that.
  const named = bare.verdict !== 'deny' && !(bare.verdict === 'allow' && bare.rule === null)
  if (named || bare.mode === 'monitor') return null
  const explain = `${name} leads to the private address ${formatAddress(address)}, which no rule names`
  return { verdict: 'deny', rule: null, explain, refusedFor: 'private-address' }
}
