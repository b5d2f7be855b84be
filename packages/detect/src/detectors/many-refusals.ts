import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, destinationOf, MANY_DESTINATIONS, nameOf, subjectOf, thinned } from '../observed.ts'

const WINDOW_MS = 600_000
const LEAST_REFUSALS = 50
const LEAST_PLACES = 25

/**
 * Fifty refusals of one subject in ten minutes, by what they look like (after Jung et al., "Fast Portscan Detection Using Sequential
 * Hypothesis Testing", IEEE S&P 2004: a scanner is told by how many different places refuse it):
 *
 * - a scan: 25 addresses, or ports, without a name. A browser whose advertisements are refused asks for names;
 * - something blocked that does not give up: one destination;
 * - a configuration that does not fit the policy: other destinations that no rule speaks of. What a rule refuses is refused on purpose.
 */
export function detectManyRefusals(flows: readonly ObservedFlow[]): readonly Alert[] {
  const refused = flows.filter(({ denied }) => denied).toSorted((a, b) => a.timeMs - b.timeMs)
  return [...Map.groupBy(refused, subjectOf).values()].flatMap((all) => {
    const scan = scanOf(all.filter((each) => nameOf(each) === null))
    const single = [...Map.groupBy(all, destinationOf).values()].flatMap((each) => singleOf(busiestWindow(each)) ?? [])
    const settled = new Set(single.map(({ destination }) => destination))
    const rest = all.filter((each) => each.rule === null && !settled.has(destinationOf(each)))
    const isScan = scan !== null
    const other = otherOf(busiestWindow(isScan ? rest.filter((each) => nameOf(each) !== null) : rest))
    return [scan, ...single, other].filter((alert) => alert !== null)
  })
}

function scanOf(unnamed: readonly ObservedFlow[]): Alert | null {
  const window = busiestWindow(unnamed)
  const [addresses, ports] = [countOf(window, destinationOf), countOf(window, ({ flow }) => flow.port)]
  if (window.length < LEAST_REFUSALS || Math.max(addresses, ports) < LEAST_PLACES) return null
  const places = `${addresses} ${addresses === 1 ? 'address' : 'addresses'} on ${ports} ${ports === 1 ? 'port' : 'ports'}`
  return {
    ...refusals(window, `${places}, as a scan does`),
    severity: 'high',
    technique: { id: 'T1046', name: 'Network Service Discovery' },
    destination: addresses === 1 ? destinationOf(window[0]!) : MANY_DESTINATIONS,
  }
}

function singleOf(window: readonly ObservedFlow[]): Alert | null {
  if (window.length < LEAST_REFUSALS || countOf(window, ({ flow }) => flow.port) >= LEAST_PLACES) return null
  return refusals(window, `${destinationOf(window[0]!)}, which it does not give up`)
}

function otherOf(window: readonly ObservedFlow[]): Alert | null {
  const destinations = countOf(window, destinationOf)
  if (window.length < LEAST_REFUSALS || destinations < 2) return null
  const alert = refusals(window, `${destinations} destinations that no rule speaks of`)
  return { ...alert, severity: 'low', destination: MANY_DESTINATIONS }
}

function refusals(window: readonly ObservedFlow[], what: string): Alert {
  const facts = alertFacts(window)
  return {
    detector: 'many-refusals',
    severity: 'medium',
    technique: { id: 'T1071', name: 'Application Layer Protocol' },
    ...facts,
    sentence: `${facts.subject} was refused ${window.length} times within ten minutes: ${what}`,
    numbers: {
      refusals: window.length,
      destinations: countOf(window, destinationOf),
      ports: countOf(window, ({ flow }) => flow.port),
    },
    series: thinned(window.map(({ timeMs }, index) => [timeMs, index + 1])),
  }
}

function countOf(flows: readonly ObservedFlow[], of: (each: ObservedFlow) => unknown): number {
  return new Set(flows.map(of)).size
}

function busiestWindow(sorted: readonly ObservedFlow[]): readonly ObservedFlow[] {
  let [start, bestStart, bestLength] = [0, 0, 0]
  for (let end = 0; end < sorted.length; end++) {
    while (sorted[end]!.timeMs - sorted[start]!.timeMs > WINDOW_MS) start++
    if (end - start + 1 > bestLength) [bestStart, bestLength] = [start, end - start + 1]
  }
  return sorted.slice(bestStart, bestStart + bestLength)
}
