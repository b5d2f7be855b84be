import { setTimeout as sleep } from 'node:timers/promises'
import type { OverviewMemory } from '../api/overview-memory.ts'

/** What the console's first page asks for. */
const HOURS = 24
const EVERY_MS = 60_000
/** Of the time, a hundredth is spent on it at most. */
const REST = 99

/** Works the overview out before anybody asks, so that whoever opens the console does not wait for it. */
export async function keepOverview(overviews: OverviewMemory<unknown>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A store that is away is told of by whoever stores.
    const tookMs = await overviews.renew(HOURS).catch(() => 0)
    await sleep(Math.max(EVERY_MS, tookMs * REST), undefined, { signal }).catch(() => {})
  }
}
