import { formatAddress } from '@sallyport/net'
import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, MANY_DESTINATIONS, subjectOf, thinned } from '../observed.ts'

/** More names than that which the resolver knows nothing of: their subject asks another one. */
const MOST_UNKNOWN = 5

/**
 * A handshake that names a host for which the resolver never gave this address: domain fronting (Fifield et al.,
 * "Blocking-resistant communication through domain fronting", PoPETs 2015), a forged SNI, or addresses that came from elsewhere.
 * Said only where the bound names are known, and not of an address that the resolver gave for the name within the flows at hand: programs
 * keep addresses longer than their answers last. A subject of many names that were never looked up uses a resolver of its own, and
 * that is said once.
 */
export function detectNameMismatch(flows: readonly ObservedFlow[]): readonly Alert[] {
  const given = new Set(flows.flatMap((each) => (isBound(each) ? [placeOf(each)] : [])))
  const odd = flows.filter(
    (each) => each.flow.domain && each.flow.boundNames && !isBound(each) && !given.has(placeOf(each)),
  )
  return [...Map.groupBy(odd, subjectOf).values()].flatMap((all) => {
    const unknown = all.filter(({ flow }) => flow.boundNames!.length === 0)
    const names = new Set(unknown.map(({ flow }) => flow.domain)).size
    if (names <= MOST_UNKNOWN) return bySubjectAndDestination(all).map(mismatch)
    const others = all.filter(({ flow }) => flow.boundNames!.length > 0)
    return [...bySubjectAndDestination(others).map(mismatch), ownResolver(unknown, names)]
  })
}

function mismatch(all: readonly ObservedFlow[]): Alert {
  const facts = alertFacts(all)
  const bound = all[0]!.flow.boundNames!
  const known = bound.length === 0 ? 'no name' : bound.slice(0, 3).join(', ')
  return {
    detector: 'name-mismatch',
    severity: 'medium',
    technique: { id: 'T1090.004', name: 'Proxy: Domain Fronting' },
    ...facts,
    sentence: `${facts.subject} said ${facts.destination} to an address that the resolver gave for ${known}`,
    numbers: { flows: all.length, boundNames: bound.length },
    series: countedUp(all),
  }
}

function ownResolver(all: readonly ObservedFlow[], names: number): Alert {
  const facts = alertFacts(all)
  return {
    detector: 'name-mismatch',
    severity: 'low',
    technique: { id: 'T1071.004', name: 'Application Layer Protocol: DNS' },
    ...facts,
    destination: MANY_DESTINATIONS,
    sentence: `${facts.subject} went to ${names} names that this resolver was never asked for, ${facts.destination} among them: it asks another one, or none`,
    numbers: { flows: all.length, names },
    series: countedUp(all),
  }
}

function isBound({ flow }: ObservedFlow): boolean {
  return Boolean(flow.domain && flow.boundNames?.includes(flow.domain))
}

function placeOf({ flow }: ObservedFlow): string {
  return `${flow.domain} ${flow.dst ? formatAddress(flow.dst) : ''}`
}

function countedUp(all: readonly ObservedFlow[]): Alert['series'] {
  const sorted = all.toSorted((a, b) => a.timeMs - b.timeMs)
  return thinned(sorted.map(({ timeMs }, index) => [timeMs, index + 1]))
}
