import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, thinned } from '../observed.ts'

/**
 * A handshake that names a host for which the resolver never gave this address: domain fronting, a forged SNI, or addresses
 * that came from elsewhere. Said only where the bound names are known.
 */
export function detectNameMismatch(flows: readonly ObservedFlow[]): readonly Alert[] {
  const odd = flows.filter(({ flow }) => flow.domain && flow.boundNames && !flow.boundNames.includes(flow.domain))
  return bySubjectAndDestination(odd).map((all) => {
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
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    } satisfies Alert
  })
}
