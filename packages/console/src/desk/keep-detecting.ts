import { setTimeout as sleep } from 'node:timers/promises'
import { detectAll, DETECTORS } from '@sallyport/detect'
import { isMuted, observedFlow, parseFilter, type FlowStore, type KeptAlert, type StateStore } from '@sallyport/store'
import { ClockWatch } from './clock-watch.ts'
import { KnownToDetectors } from './known-to-detectors.ts'

const EVERY_MS = 60_000
/** What one look takes in; newer flows count. */
const MAX_FLOWS = 100_000
const WINDOW_MS = 86_400_000
/** Clocks of machines differ by less; flows of a later time are left from a clock that was ahead. */
const MOST_AHEAD_MS = 300_000

type Options = {
  readonly store: FlowStore
  readonly state: StateStore
  readonly nowMs: () => number
  /** Never goes back, and does not jump. */
  readonly monotonicMs: () => number
  readonly onAlerts: (alerts: readonly KeptAlert[]) => void
  readonly onFailure: (error: unknown) => void
}

/** Looks through the last day's flows once a minute, and keeps what is unusual. */
export async function keepDetecting(options: Options, signal: AbortSignal): Promise<void> {
  const known = new KnownToDetectors(options.store, options.state, options.monotonicMs)
  const clock = new ClockWatch()
  while (!signal.aborted) {
    await detectOnce(options, known, clock).catch(options.onFailure)
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

export async function detectOnce(options: Options, known: KnownToDetectors, clock: ClockWatch): Promise<void> {
  const { store, state, onAlerts } = options
  const nowMs = options.nowMs()
  const latestMs = nowMs + MOST_AHEAD_MS
  const clockJumped = clock.hasJumped(nowMs, options.monotonicMs())
  const window = [`since:${iso(nowMs - WINDOW_MS)}`, `until:${iso(latestMs)}`]
  const { flows } = await store.list(parseFilter(window, nowMs), { limit: MAX_FLOWS })
  const observed = flows.flatMap((record) => observedFlow(record) ?? [])
  const found = detectAll(observed, DETECTORS, await known.at(nowMs))
  const fresh = await state.alerts.record(found, { nowMs, latestMs, clockJumped })
  const mutes = await state.mutes.list(nowMs)
  const seen = fresh.filter((alert) => !isMuted(alert, mutes))
  if (seen.length > 0) onAlerts(seen)
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
