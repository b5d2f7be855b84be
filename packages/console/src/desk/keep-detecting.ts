import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { detectAll, DETECTORS, type Alert, type Known, type ObservedFlow } from '@sallyport/detect'
import {
  isMuted,
  observedFlow,
  parseFilter,
  type FlowFilter,
  type FlowStore,
  type KeptAlert,
  type StateStore,
} from '@sallyport/store'
import { ClockWatch } from './clock-watch.ts'
import { KnownToDetectors } from './known-to-detectors.ts'

const EVERY_MS = 60_000
/** What one look takes in; newer flows count. */
const MAX_FLOWS = 100_000
const PAGE_FLOWS = 2000
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
  const flows = await newestFlows(store, parseFilter(window, nowMs))
  const found = await detectInTurns(flows, await known.at(nowMs))
  const fresh = await state.alerts.record(found, { nowMs, latestMs, clockJumped })
  const mutes = await state.mutes.list(nowMs)
  const seen = fresh.filter((alert) => !isMuted(alert, mutes))
  if (seen.length > 0) onAlerts(seen)
}

/** In pages, so that whoever else runs in this process has a turn between them. */
async function newestFlows(store: FlowStore, filter: FlowFilter): Promise<readonly ObservedFlow[]> {
  const observed: ObservedFlow[] = []
  let after: { readonly after?: string } = {}
  for (let read = 0; read < MAX_FLOWS; read += PAGE_FLOWS) {
    const { flows, next } = await store.list(filter, { limit: PAGE_FLOWS, ...after })
    for (const record of flows) {
      const flow = observedFlow(record)
      if (flow !== null) observed.push(flow)
    }
    if (next === null) break
    after = { after: next }
    await turn()
  }
  return observed
}

async function detectInTurns(flows: readonly ObservedFlow[], known: Known): Promise<readonly Alert[]> {
  const found: Alert[] = []
  for (const detector of DETECTORS) {
    found.push(...detectAll(flows, [detector], known))
    await turn()
  }
  return found
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
