import { detectAll, NOTHING_KNOWN, type DetectorName, type Past } from '@sallyport/detect'
import type { FlowRecord } from '@sallyport/flow'
import { observedFlow } from '@sallyport/store'

const DAYS_RECORDED = 4
const DAY_MS = 86_400_000

/** What the detectors say of flows in a network that was recorded for some days, without any like them. */
export function alertsAbout(flows: readonly FlowRecord[]): ReadonlySet<DetectorName> {
  const observed = flows.flatMap((flow) => observedFlow(flow) ?? [])
  const nowMs = observed.reduce((last, { timeMs }) => Math.max(last, timeMs), 0)
  const past: Past = {
    nowMs,
    sinceMs: nowMs - DAYS_RECORDED * DAY_MS,
    habits: [],
    hasEveryHabit: true,
    common: [],
    users: 0,
    sent: [],
    long: [],
    calls: [],
  }
  return new Set(detectAll(observed, undefined, { ...NOTHING_KNOWN, past }).map(({ detector }) => detector))
}
