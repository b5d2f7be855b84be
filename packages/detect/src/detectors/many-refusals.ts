import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, destinationOf, subjectOf, thinned } from '../observed.ts'

const WINDOW_MS = 600_000
const LEAST_REFUSALS = 50

/**
 * Fifty refusals of one subject in ten minutes. Many addresses or ports: a scan; one destination again and again: something
 * blocked that does not give up; else a configuration that does not fit the policy.
 */
export function detectManyRefusals(flows: readonly ObservedFlow[]): readonly Alert[] {
  const refused = flows.filter(({ denied }) => denied)
  return [...Map.groupBy(refused, subjectOf).values()].flatMap((all) => {
    const sorted = all.toSorted((a, b) => a.timeMs - b.timeMs)
    const window = busiestWindow(sorted)
    if (window.length < LEAST_REFUSALS) return []
    const destinations = new Set(window.map(destinationOf)).size
    const ports = new Set(window.map(({ flow }) => flow.port)).size
    const scan = destinations >= 25 || ports >= 25
    const single = destinations === 1 && !scan
    const facts = alertFacts(window)
    const what = scan
      ? `${destinations} destinations on ${ports} ports, as a scan does`
      : single
        ? 'one destination that it does not give up'
        : `${destinations} destinations`
    return {
      detector: 'many-refusals',
      severity: scan ? 'high' : single ? 'medium' : 'low',
      technique: scan
        ? { id: 'T1046', name: 'Network Service Discovery' }
        : { id: 'T1071', name: 'Application Layer Protocol' },
      ...facts,
      destination: scan ? `${destinations} destinations` : facts.destination,
      sentence: `${facts.subject} was refused ${window.length} times within ten minutes: ${what}`,
      numbers: { refusals: window.length, destinations, ports },
      series: thinned(window.map(({ timeMs }, index) => [timeMs, index + 1])),
    } satisfies Alert
  })
}

function busiestWindow(sorted: readonly ObservedFlow[]): readonly ObservedFlow[] {
  let [start, bestStart, bestLength] = [0, 0, 0]
  for (let end = 0; end < sorted.length; end++) {
    while (sorted[end]!.timeMs - sorted[start]!.timeMs > WINDOW_MS) start++
    if (end - start + 1 > bestLength) [bestStart, bestLength] = [start, end - start + 1]
  }
  return sorted.slice(bestStart, bestStart + bestLength)
}
