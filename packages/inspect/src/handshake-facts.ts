import { parseDomainName, type DomainName } from '@sallyport/net'
import { carriesName, protocolOf, type Protocol } from '@sallyport/policy'
import type { Found, NameProblem } from '@sallyport/wire'

/** What the first bytes add to the facts of a flow. */
export type HandshakeFacts = {
  readonly protocol: Protocol
  /** The name that the client states, where its protocol states one. */
  readonly domain: DomainName | null
  /** Why no name may be trusted, although the protocol carries one: no rule may allow the flow. */
  readonly problem: NameProblem | 'conflicting-octets' | null
  /** An Encrypted ClientHello, or what looks like one: `domain` is the outer name. */
  readonly ech: boolean
  readonly ja4: string | null
  /** The finer word of docs/reference/protocols.md, or `unknown`. */
  readonly word: string
}

export function handshakeFacts(found: Found | null): HandshakeFacts {
  if (found === null) return { protocol: 'other', domain: null, problem: null, ech: false, ja4: null, word: 'unknown' }
  const protocol = protocolOf(found.protocol)
  const named = carriesName(protocol)
  return {
    protocol,
    domain: named && found.name !== null ? parseDomainName(found.name) : null,
    problem: named ? found.problem : null,
    ech: found.ech !== null,
    ja4: found.ja4,
    word: found.protocol,
  }
}
