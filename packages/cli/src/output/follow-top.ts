import { setTimeout as sleep } from 'node:timers/promises'
import type { TopRow } from '@sallyport/store'
import type { OpenFlows } from '../input/flow-source.ts'

const LOOK_MS = 2000
/** Of the time between two looks, a look takes a tenth at most, however large the store is. */
const REST = 9

/** The busiest as they are, and again whenever that has changed, until the signal. */
export async function* followTop(
  store: Pick<OpenFlows, 'takeIn'>,
  look: () => Promise<readonly TopRow[]>,
  signal: AbortSignal,
  lookMs: number = LOOK_MS,
): AsyncGenerator<readonly TopRow[]> {
  let shown: string | null = null
  while (!signal.aborted) {
    const begunMs = performance.now()
    await store.takeIn()
    const rows = await look()
    const text = JSON.stringify(rows)
    if (text !== shown) yield rows
    shown = text
    const tookMs = performance.now() - begunMs
    await sleep(Math.max(lookMs, tookMs * REST), undefined, { signal }).catch(() => {})
  }
}
