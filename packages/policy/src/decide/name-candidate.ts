import type { DomainName } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import { carriesName, type Protocol } from '../protocol.ts'
import { ternary, type Ternary } from './ternary.ts'

/**
 * A name under which a flow may be judged, and what it is worth:
 * `certain`: verified and bound, or bound and the protocol carries no name to verify;
 * `evidence`: verified, but the address was no answer for it: enough to deny, not to allow;
 * `bound`: bound beside a verified name: enough for `assurance: dns` only;
 * `nameless`: bound, and the client left the name out where its protocol says it: enough to deny, and for `assurance: dns`;
 * `unsettled`: bound, no name was said, and whether the protocol would have said it is not known;
 * `pending`: bound, the verified name is still to come;
 * `unknown`: nothing is known of the names yet.
 */
export type NameCandidate = {
  readonly certainty: 'certain' | 'evidence' | 'bound' | 'nameless' | 'unsettled' | 'pending' | 'unknown'
  readonly name: DomainName | null
}

/** `allow`: needs certainty. `deny`: needs evidence. */
export type Polarity = 'allow' | 'deny'

/** Every name the flow may claim; the flow is judged under each and the earliest deciding rule wins. Never empty. */
export function nameCandidates(flow: Flow): readonly NameCandidate[] {
  const { domain, boundNames, protocol } = flow
  if (domain === undefined) {
    if (boundNames === undefined) return [{ certainty: 'unknown', name: null }]
    return orNone('pending', boundNames)
  }
  if (domain === null) {
    return boundNames === undefined ? [{ certainty: 'unknown', name: null }] : orNone(unnamed(protocol), boundNames)
  }
  if (boundNames === undefined) return [{ certainty: 'certain', name: domain }]
  const bound = boundNames ?? []
  return [
    { certainty: bound.includes(domain) ? 'certain' : 'evidence', name: domain },
    ...bound.filter((name) => name !== domain).map((name) => ({ certainty: 'bound', name }) as const),
  ]
}

/** What bound names are worth when no name will be verified. `null`: no protocol will ever be seen. */
function unnamed(protocol: Protocol | null | undefined): 'certain' | 'nameless' | 'unsettled' {
  if (protocol === undefined) return 'unsettled'
  return protocol !== null && carriesName(protocol) ? 'nameless' : 'certain'
}

function orNone(certainty: NameCandidate['certainty'], names: readonly DomainName[] | null): readonly NameCandidate[] {
  return names === null || names.length === 0 ? [{ certainty, name: null }] : names.map((name) => ({ certainty, name }))
}

export function nameHolds(
  candidate: NameCandidate,
  polarity: Polarity,
  assurance: 'verified' | 'dns',
  matches: (name: DomainName) => boolean,
): Ternary {
  const matched = candidate.name !== null && matches(candidate.name)
  switch (candidate.certainty) {
    case 'unknown':
      return 'maybe'
    case 'certain':
      return ternary(matched)
    case 'evidence':
      return ternary(polarity === 'deny' && matched)
    case 'bound':
      return ternary(polarity === 'allow' && assurance === 'dns' && matched)
    case 'nameless':
      return ternary(matched && (polarity === 'deny' || assurance === 'dns'))
    case 'unsettled':
      if (polarity === 'deny') return ternary(matched)
      return matched ? (assurance === 'dns' ? 'yes' : 'maybe') : 'no'
    case 'pending':
      if (polarity === 'deny') return 'maybe'
      return matched ? (assurance === 'dns' ? 'yes' : 'maybe') : 'no'
  }
}
