import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { DAY_MS, withoutVersion } from '../past.ts'
import { greatest, least } from '../statistics.ts'

const LEAST_PAST_DAYS = 3

/**
 * An application whose first flow ever is of the last day, when flows were recorded for three days before. Another version of a
 * known one (digits and hexadecimal in its path aside) is not new.
 */
export function detectNewApplications(_flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  if (past === null || past.nowMs - past.sinceMs < (LEAST_PAST_DAYS + 1) * DAY_MS) return []
  const { nowMs, sinceMs } = past
  const apps = Map.groupBy(
    past.habits.filter(({ subject }) => subject.startsWith('/')),
    ({ subject }) => withoutVersion(subject),
  )
  return [...apps.values()].flatMap((habits) => {
    const firstMs = least(habits.map((each) => each.firstMs))
    if (firstMs < nowMs - DAY_MS) return []
    const flows = habits.reduce((sum, each) => sum + each.flows, 0)
    const most = habits.reduce((a, b) => (b.flows > a.flows ? b : a))
    // Stays the same while the alert goes on.
    const first = habits.reduce((a, b) => (b.firstMs < a.firstMs ? b : a))
    const recordedDays = (nowMs - sinceMs) / DAY_MS
    return {
      detector: 'new-application',
      severity: 'low',
      technique: { id: 'T1204.002', name: 'User Execution: Malicious File' },
      subject: first.subject,
      destination: first.destination,
      firstMs,
      lastMs: greatest(habits.map((each) => each.lastMs)),
      sentence: `${first.subject} used the network for the first time in ${Math.floor(recordedDays)} days: ${flows} flows to ${habits.length} destinations, most to ${most.destination}`,
      numbers: { flows, destinations: habits.length, recordedDays },
      series: habits.slice(0, 200).map((each) => [each.firstMs, each.flows] as const),
    } satisfies Alert
  })
}
