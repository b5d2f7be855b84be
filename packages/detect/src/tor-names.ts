import type { ObservedFlow } from './alert.ts'
import { looksGenerated } from './detectors/generated-domains.ts'
import { nameOf, registrableName, subjectOf } from './observed.ts'

/** What Tor says for a server name: `crypto_random_hostname(8, 20, "www.", ".com")` in its connection_or.c and tortls.c; base32 rounds up. */
const TOR_NAME = /^www\.[a-z2-7]{8,25}\.(?:com|net)$/
/** Of records that do not say what was looked up, one such name may be a site. */
const LEAST_NAMES = 2

/** Flows of TLS whose server name Tor made up: random, and never looked up. */
export function flowsOfTor(flows: readonly ObservedFlow[]): ReadonlySet<ObservedFlow> {
  const random = flows.filter((each) => {
    const { protocol, domain, boundNames } = each.flow
    if (protocol !== 'tls' || !domain || boundNames?.includes(domain) === true || !TOR_NAME.test(domain)) return false
    return looksGenerated(registrableName(domain) ?? '')
  })
  const named = [...Map.groupBy(random, subjectOf).values()].filter(
    (all) => all.every(({ flow }) => flow.boundNames) || new Set(all.map(nameOf)).size >= LEAST_NAMES,
  )
  return new Set(named.flat())
}
