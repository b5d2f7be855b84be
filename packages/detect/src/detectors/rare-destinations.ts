import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { DAY_MS, LEAST_USERS, ownerOf } from '../past.ts'

const LEAST_FLOWS = 24
const LEAST_HOURS = 6

/**
 * A registrable name (or address) that one of ten or more devices, users and addresses went to, and none of the others ever: again and
 * again, in six hours of the clock or more, and still within the last day. What everybody uses is no one's command and control.
 */
export function detectRareDestinations(_flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  if (past === null || !past.hasEveryHabit || past.users < LEAST_USERS) return []
  return [...Map.groupBy(past.habits, ({ destination }) => ownerOf(destination))].flatMap(([owner, habits]) => {
    const [habit, ...others] = habits
    if (habit === undefined || others.length > 0 || habit.users > 1) return []
    const { subject, destination, firstMs, lastMs, flows, hours } = habit
    if (flows < LEAST_FLOWS || hours < LEAST_HOURS || lastMs < past.nowMs - DAY_MS) return []
    return {
      detector: 'rare-destination',
      severity: 'low',
      technique: { id: 'T1071', name: 'Application Layer Protocol' },
      subject,
      destination,
      firstMs,
      lastMs,
      sentence: `${subject} went to ${owner} in ${hours} hours, and none of the other ${past.users - 1} users of the network ever did`,
      numbers: { flows, hours, users: past.users },
      series: [
        [firstMs, 0],
        [lastMs, flows],
      ],
    } satisfies Alert
  })
}
