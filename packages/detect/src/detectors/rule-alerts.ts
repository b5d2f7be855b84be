import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { alertFacts, destinationOf, subjectOf, thinned } from '../observed.ts'

/** Flows that a rule decided which asks for an alert: `alert: high`, as of a feed of malware. */
export function detectRuleAlerts(flows: readonly ObservedFlow[], { ruleAlerts }: Known): readonly Alert[] {
  const asked = flows.filter(({ rule }) => rule !== null && ruleAlerts.has(rule))
  const causes = Map.groupBy(asked, (each) => JSON.stringify([each.rule, subjectOf(each), destinationOf(each)]))
  return [...causes.values()].map((all) => {
    const facts = alertFacts(all)
    const rule = all[0]!.rule!
    const denied = all.filter((each) => each.denied).length
    const outcome = denied === all.length ? 'stopped' : denied === 0 ? 'let through' : `${denied} of them stopped`
    return {
      detector: 'rule-alert',
      severity: ruleAlerts.get(rule)!,
      technique: { id: 'T1071', name: 'Application Layer Protocol' },
      ...facts,
      sentence: `rule ${rule} decided ${all.length} flows of ${facts.subject} to ${facts.destination}: ${outcome}`,
      numbers: { flows: all.length, denied },
      series: thinned(all.map(({ timeMs }, index) => [timeMs, index + 1])),
    } satisfies Alert
  })
}
