import { isPrivateAddress, type NameVerdict } from '@sallyport/dns'
import { formatAddress, type Address, type DomainName } from '@sallyport/net'
import type { CompiledPolicy } from '@sallyport/compile'
import type { Flow, Verdict } from '@sallyport/policy'

/** Who asks is not known at the resolver; no later point tells what the connection speaks. */
const AT_RESOLVER: Flow = { domain: null, protocol: null }

/** A name is refused when no flow to it could ever be allowed. */
export function judgeName(policy: CompiledPolicy, name: DomainName): Verdict {
  return policy.decide({ ...AT_RESOLVER, boundNames: [name], time: Date.now() }, 'handshake')
}

/**
 * A name that the policy allows does not open addresses of this network to whoever runs the name (rebinding): those need
 * a rule that names the address. Loopback is open to everyone anyway.
 */
export function judgeAnswer(policy: CompiledPolicy, name: DomainName, address: Address): NameVerdict {
  const bare = policy.decide({ ...AT_RESOLVER, boundNames: [], dst: address, time: Date.now() }, 'handshake')
  if (!isPrivateAddress(address) || bare.verdict !== 'deny' || bare.mode === 'monitor' || isLocalName(name)) {
    return { verdict: 'allow', rule: null, explain: '' }
  }
  const explain = `${name} leads to the private address ${formatAddress(address)}, which no rule names`
  return { verdict: 'deny', rule: null, explain }
}

/** Names that only this network gives: RFC 6761, RFC 6762, RFC 8375, and `.internal`. */
function isLocalName(name: DomainName): boolean {
  return /(^|\.)(internal|local|localhost|test|home\.arpa)$/.test(name) || !name.includes('.')
}
