import type { ApiContext } from './api-context.ts'
import { overview, type Overview } from './overview.ts'
import { OverviewMemory } from './overview-memory.ts'

/** Overviews of a store, for as long as what happens to it is told: whoever looks on is told when another can be had. */
export function rememberOverviews(
  given: Pick<ApiContext, 'flows' | 'state' | 'events' | 'nowMs'>,
): OverviewMemory<Overview> {
  const overviews = new OverviewMemory(
    (hours) => overview(given, hours),
    () => performance.now(),
    (afterMs) => void setTimeout(() => given.events.emit({ kind: 'overview' }), afterMs).unref(),
  )
  given.events.listen(({ kind }) => {
    if (kind === 'stored' || kind === 'alerts' || kind === 'audit') overviews.outdated()
  })
  return overviews
}
