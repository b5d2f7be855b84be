import { setTimeout as sleep } from 'node:timers/promises'
import { detectAll, DETECTORS } from '@sallyport/detect'
import { isMuted, observedFlow, parseFilter, type FlowStore, type KeptAlert, type StateStore } from '@sallyport/store'
import { KnownToDetectors } from './known-to-detectors.ts'

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
  const known = new KnownToDetectors(options.store, options.state)
  while (!signal.aborted) {
    await detectOnce(options, known).catch(options.onFailure)
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

export async function detectOnce({ store, state, nowMs, onAlerts }: Options, known: KnownToDetectors): Promise<void> {
  const { flows } = await store.list(parseFilter([WINDOW], nowMs()), { limit: MAX_FLOWS })
  const observed = flows.flatMap((record) => observedFlow(record) ?? [])
  const fresh = await state.alerts.record(detectAll(observed, DETECTORS, await known.at(nowMs())))
  const mutes = await state.mutes.list(nowMs())
  const seen = fresh.filter((alert) => !isMuted(alert, mutes))
  if (seen.length > 0) onAlerts(seen)
}
