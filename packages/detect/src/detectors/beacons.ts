import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, thinned } from '../observed.ts'
import { commonOwners, DAY_MS, FREQUENT_CALLS, ownerOf, SELDOM_CALLS, type TimedCalls } from '../past.ts'
import { median, medianDeviation } from '../statistics.ts'
import { timerOf, type Timer } from '../timer.ts'

const LEAST_SPAN_MS = 3_600_000
const LEAST_SELDOM_SPAN_MS = 2 * DAY_MS
/** Shorter periods are seen within a day. */
const LEAST_SELDOM_PERIOD_MS = 1_800_000
const SCORE = 0.7

/**
 * A program that calls home by a timer: 24 calls within the flows at hand or the last day, or ten calls over days of the past. What half of
 * the users of a network call is an update service, not a command and control; RITA lowers its score by prevalence in the same way.
 */
export function detectBeacons(flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  const seen = bySubjectAndDestination(flows).flatMap((group) => fastBeacon(...callsOf(group)) ?? [])
  const keys = new Set(seen.map(keyOf))
  const older = (past?.calls ?? [])
    .filter((calls) => !keys.has(keyOf(calls)))
    .flatMap(
      (calls) =>
        fastBeacon(calls, withinDay(calls, past!.nowMs), calls.bytesOut) ?? slowBeacon(calls, past!.nowMs) ?? [],
    )
  const common = commonOwners(past)
  return [...seen, ...older].filter(({ destination }) => !common.has(ownerOf(destination)))
}

type Pair = Pick<Alert, 'subject' | 'destination'>

function keyOf({ subject, destination }: Pair): string {
  return JSON.stringify([subject, destination])
}

function callsOf(group: readonly ObservedFlow[]): [Pair, readonly number[], readonly number[]] {
  const sizes = group.flatMap(({ flow }) => (typeof flow.bytesOut === 'number' ? flow.bytesOut : []))
  return [alertFacts(group), group.map(({ timeMs }) => timeMs), sizes]
}

function withinDay({ timesMs }: TimedCalls, nowMs: number): readonly number[] {
  return timesMs.filter((timeMs) => timeMs >= nowMs - DAY_MS)
}

/** `timesMs` is ascending. */
function fastBeacon(
  { subject, destination }: Pair,
  timesMs: readonly number[],
  bytesOut: readonly number[],
): Alert | null {
  if (timesMs.length < FREQUENT_CALLS.least) return null
  const timer = timerOf(timesMs)
  if (timer === null || timer.callsMs.length < FREQUENT_CALLS.least) return null
  const facts = { subject, destination, firstMs: timesMs[0]!, lastMs: timesMs.at(-1)! }
  if (facts.lastMs - facts.firstMs < LEAST_SPAN_MS) return null
  const sizes = bytesOut.length < Math.min(timesMs.length, 1000) / 2 ? null : sizeRegularity(bytesOut)
  const { regularity, symmetry } = timer
  const score = sizes === null ? (regularity * 2 + symmetry) / 3 : (regularity * 2 + symmetry + sizes) / 4
  return score < SCORE ? null : beaconAlert(facts, timer, score, sizes)
}

function slowBeacon({ subject, destination, timesMs }: TimedCalls, nowMs: number): Alert | null {
  const timer = timerOf(timesMs)
  if (timer === null || timer.callsMs.length < SELDOM_CALLS.least || timer.periodMs < LEAST_SELDOM_PERIOD_MS)
    return null
  const [firstMs, lastMs] = [timer.callsMs[0]!, timer.callsMs.at(-1)!]
  const isOver = lastMs < nowMs - Math.max(DAY_MS, 3 * timer.periodMs)
  if (isOver || lastMs - firstMs < LEAST_SELDOM_SPAN_MS) return null
  const score = (timer.regularity * 2 + timer.symmetry) / 3
  return score < SCORE ? null : beaconAlert({ subject, destination, firstMs, lastMs }, timer, score, null)
}

type Facts = Pick<Alert, 'subject' | 'destination' | 'firstMs' | 'lastMs'>

function beaconAlert(facts: Facts, timer: Timer, score: number, sizes: number | null): Alert {
  const { callsMs, periodMs, spread, regularity, symmetry, persistence } = timer
  const period =
    periodMs < 7_200_000 ? `${Math.round(periodMs / 1000)} s` : `${(periodMs / 3_600_000).toFixed(1)} hours`
  return {
    detector: 'beacon',
    severity: score > 0.9 ? 'high' : score > 0.8 ? 'medium' : 'low',
    technique: { id: 'T1071', name: 'Application Layer Protocol' },
    ...facts,
    sentence: `${facts.subject} called ${facts.destination} ${callsMs.length} times, every ${period}, give or take ${Math.round(spread * 100)} %`,
    numbers: {
      score,
      calls: callsMs.length,
      periodMs,
      spread,
      regularity,
      symmetry,
      persistence,
      ...(sizes === null ? {} : { sizes }),
    },
    series: thinned(callsMs.slice(1).map((timeMs, index) => [timeMs, timeMs - callsMs[index]!])),
  }
}

function sizeRegularity(sizes: readonly number[]): number {
  return Math.max(0, 1 - medianDeviation(sizes) / Math.max(1, median(sizes)))
}
