import { setTimeout as sleep } from 'node:timers/promises'
import { detectAll, type ObservedFlow } from '@sallyport/detect'
import {
  isMuted,
  parseFilter,
  parseStoredFlow,
  type FlowStore,
  type KeptAlert,
  type ListedFlow,
  type StateStore,
} from '@sallyport/store'

const EVERY_MS = 60_000
/** What one look takes in; newer flows count. */
const MAX_FLOWS = 100_000
const WINDOW = 'since:1d'

type Options = {
  readonly store: FlowStore
  readonly state: StateStore
  readonly nowMs: () => number
  readonly onAlerts: (alerts: readonly KeptAlert[]) => void
  readonly onFailure: (error: unknown) => void
}

/** Looks through the last day's flows once a minute, and keeps what is unusual. */
export async function keepDetecting(options: Options, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await detectOnce(options).catch(options.onFailure)
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

export async function detectOnce({ store, state, nowMs, onAlerts }: Options): Promise<void> {
  const { flows } = await store.list(parseFilter([WINDOW], nowMs()), { limit: MAX_FLOWS })
  const fresh = state.alerts.record(detectAll(flows.flatMap(observe)))
  const mutes = state.mutes.list(nowMs())
  const seen = fresh.filter((alert) => !isMuted(alert, mutes))
  if (seen.length > 0) onAlerts(seen)
}

function observe(record: ListedFlow): readonly ObservedFlow[] {
  const stored = parseStoredFlow(JSON.stringify(record))
  if ('problem' in stored) return []
  return [{ flow: stored.flow, timeMs: stored.flow.time ?? 0, denied: stored.verdict?.verdict === 'deny' }]
}
