import { setTimeout as sleep } from 'node:timers/promises'
import type { FlowFilter, ListedFlow } from '@sallyport/store'
import type { OpenFlows } from '../input/flow-source.ts'

const LOOK_MS = 1000
const PAGE = 1000
/** Of the time between two looks, a look takes a quarter at most, however large the store is. */
const REST = 3

/** `hasGap`: more came since the last look than a page has. */
type Followed = { readonly flows: readonly ListedFlow[]; readonly hasGap: boolean }

/** The newest flows, the oldest of them first, then what comes, until the signal. One that changes, as a connection that ends, comes again. */
export async function* followFlows(
  store: Pick<OpenFlows, 'list' | 'takeIn'>,
  filter: FlowFilter,
  first: number,
  signal: AbortSignal,
  lookMs: number = LOOK_MS,
): AsyncGenerator<Followed> {
  let shown: ReadonlySet<string> | null = null
  while (!signal.aborted) {
    const begunMs = performance.now()
    await store.takeIn()
    const { flows, next } = await store.list(filter, { limit: PAGE })
    const texts = flows.map((flow) => JSON.stringify(flow))
    const before: ReadonlySet<string> | null = shown
    const fresh = before === null ? flows.slice(0, first) : flows.filter((_, index) => !before.has(texts[index]!))
    const hasGap = before !== null && before.size > 0 && next !== null && fresh.length === flows.length
    shown = new Set(texts)
    if (fresh.length > 0) yield { flows: fresh.toReversed(), hasGap }
    const tookMs = performance.now() - begunMs
    await sleep(Math.max(lookMs, tookMs * REST), undefined, { signal }).catch(() => {})
  }
}
