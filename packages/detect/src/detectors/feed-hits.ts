import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { alertFacts, destinationOf, subjectOf, thinned } from '../observed.ts'

/** Flows that a rule decided which names a feed of known bad destinations: whoever asks for one has what the feed is about. */
export function detectFeedHits(flows: readonly ObservedFlow[], { feedRules }: Known): readonly Alert[] {
  const hits = flows.filter(({ rule }) => rule !== null && feedRules.has(rule))
  const causes = Map.groupBy(hits, (each) => JSON.stringify([each.rule, subjectOf(each), destinationOf(each)]))
  return [...causes.values()].map((all) => {
    const facts = alertFacts(all)
    const { feeds, severity } = feedRules.get(all[0]!.rule!)!
    const denied = all.filter((each) => each.denied).length
    const outcome = denied === all.length ? 'stopped' : denied === 0 ? 'let through' : `${denied} of them stopped`
    return {
      detector: 'feed-hit',
      severity,
      technique: { id: 'T1071', name: 'Application Layer Protocol' },
      ...facts,
      sentence: `${facts.subject} asked ${all.length === 1 ? 'once' : `${all.length} times`} for ${facts.destination}, which ${feeds.join(', ')} lists (rule ${all[0]!.rule}): ${outcome}`,
      numbers: { flows: all.length, denied },
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    } satisfies Alert
  })
}
