import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { DAY_MS, ownerOf, withoutVersion, type Habit } from '../past.ts'
import { greatest, least } from '../statistics.ts'

const LEAST_PAST_DAYS = 7
const LEAST_ACTIVE_DAYS = 5
const MOST_OWNERS = 5

/**
 * An application that for a week or more, on five days at least, went to at most five registrable names (or addresses), and in the
 * last day to another one. What goes to ever new places, as browsers do, has no such habit, and nothing is said of it.
 */
export function detectNewDestinations(_flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  if (past === null) return []
  const since = past.nowMs - DAY_MS
  return [...Map.groupBy(past.habits, ({ subject }) => withoutVersion(subject)).values()].flatMap((habits) => {
    const owners = Map.groupBy(habits, ({ destination }) => ownerOf(destination))
    const isNew = (each: readonly Habit[]): boolean => each.every(({ firstMs }) => firstMs >= since)
    const usual = [...owners].filter(([, each]) => !isNew(each))
    if (usual.length === 0 || usual.length > MOST_OWNERS) return []
    const known = usual.flatMap(([, each]) => each)
    const pastDays = (past.nowMs - least(known.map(({ firstMs }) => firstMs))) / DAY_MS
    const activeDays = greatest(known.map(({ days }) => days))
    if (pastDays < LEAST_PAST_DAYS || activeDays < LEAST_ACTIVE_DAYS) return []
    return [...owners]
      .filter(([, each]) => isNew(each))
      .map(([owner, each]) => {
        const { subject } = each.reduce((a, b) => (b.firstMs < a.firstMs ? b : a))
        const flows = each.reduce((sum, habit) => sum + habit.flows, 0)
        return {
          detector: 'new-destination',
          severity: 'medium',
          technique: { id: 'T1071', name: 'Application Layer Protocol' },
          subject,
          destination: owner,
          firstMs: least(each.map(({ firstMs }) => firstMs)),
          lastMs: greatest(each.map(({ lastMs }) => lastMs)),
          sentence: `${subject} went to ${owner} for the first time; in ${Math.floor(pastDays)} days it went to ${usual.map(([name]) => name).join(', ')}`,
          numbers: { flows, pastDays, activeDays, usualDestinations: usual.length },
          series: each.slice(0, 200).map((habit) => [habit.firstMs, habit.flows] as const),
        } satisfies Alert
      })
  })
}
