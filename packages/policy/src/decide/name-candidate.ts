import type { DomainName } from '@sallyport/net'
import type { Flow } from '../flow.ts'
import { ternary, type Ternary } from './ternary.ts'

/**
 * A name under which a flow may be judged, and what it is worth:
 * `certain`: verified and bound, or bound where no name will ever be verified;
 * `evidence`: verified, but the address was no answer for it: enough to deny, not to allow;
 * `bound`: bound beside a verified name: enough for `assurance: dns` only;
 * `pending`: bound, the verified name is still to come;
 * `unknown`: nothing is known of the names yet.
 */
export type NameCandidate = {
  readonly certainty: 'certain' | 'evidence' | 'bound' | 'pending' | 'unknown'
  readonly name: DomainName | null
}

/** `allow`: needs certainty. `deny`: needs evidence. */
export type Polarity = 'allow' | 'deny'

/** Every name the flow may claim; the flow is judged under each and the earliest deciding rule wins. Never empty. */
export function nameCandidates(flow: Flow): readonly NameCandidate[] {
  const { domain, boundNames } = flow
  if (domain === undefined) {
    if (boundNames === undefined) return [{ certainty: 'unknown', name: null }]
    return orNone('pending', boundNames)
  }
  if (domain === null) {
    return boundNames === undefined ? [{ certainty: 'unknown', name: null }] : orNone('certain', boundNames)
  }
  if (boundNames === undefined) return [{ certainty: 'certain', name: domain }]
  const bound = boundNames ?? []
  return [
    { certainty: bound.includes(domain) ? 'certain' : 'evidence', name: domain },
    ...bound.filter((name) => name !== domain).map((name) => ({ certainty: 'bound', name }) as const),
  ]
}

function orNone(certainty: 'pending' | 'certain', names: readonly DomainName[] | null): readonly NameCandidate[] {
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
    case 'pending':
      if (polarity === 'deny') return 'maybe'
      return matched ? (assurance === 'dns' ? 'yes' : 'maybe') : 'no'
  }
}
