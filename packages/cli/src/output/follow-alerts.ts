import { setTimeout as sleep } from 'node:timers/promises'
import type { OfferingAlert } from './describe-alert.ts'

const LOOK_MS = 60_000
/** Of the time between two looks, a look takes a tenth at most, however large the store is. */
const REST = 9
const MOST_TOLD = 100_000

export type Seen = { readonly flows: number; readonly alerts: readonly OfferingAlert[] }

/** Alerts as they are found, until the signal; what goes on is told once. */
export async function* followAlerts(
  look: () => Promise<Seen>,
  signal: AbortSignal,
  lookMs: number = LOOK_MS,
): AsyncGenerator<OfferingAlert> {
  const told = new Set<string>()
  while (!signal.aborted) {
    const begunMs = performance.now()
    for (const alert of (await look()).alerts) {
      const name = JSON.stringify([alert.detector, alert.subject, alert.destination])
      if (told.has(name)) continue
      told.add(name)
      const [oldest] = told
      if (told.size > MOST_TOLD && oldest !== undefined) told.delete(oldest)
      yield alert
    }
    const tookMs = performance.now() - begunMs
    await sleep(Math.max(lookMs, tookMs * REST), undefined, { signal }).catch(() => {})
  }
}
