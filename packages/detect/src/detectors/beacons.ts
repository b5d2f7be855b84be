import type { Alert, Known, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, thinned } from '../observed.ts'
import { commonOwners, ownerOf, type SeldomCalls } from '../past.ts'
import { median, medianDeviation } from '../statistics.ts'
import { timerOf, type Timer } from '../timer.ts'

const LEAST_FLOWS = 24
const LEAST_SPAN_MS = 3_600_000
const LEAST_SELDOM_CALLS = 10
const LEAST_SELDOM_SPAN_MS = 2 * 86_400_000
/** Shorter periods are seen within a day. */
const LEAST_SELDOM_PERIOD_MS = 1_800_000
const SCORE = 0.7

/**
 * A program that calls home by a timer: 24 calls within the flows at hand, or ten calls over days of the past. What half of the users
 * of a network call is an update service, not a command and control; RITA lowers its score by prevalence in the same way.
 */
export function detectBeacons(flows: readonly ObservedFlow[], { past }: Known): readonly Alert[] {
  const fast = bySubjectAndDestination(flows).flatMap((group) => fastBeacon(group) ?? [])
  const seen = new Set(fast.map(({ subject, destination }) => JSON.stringify([subject, destination])))
  const slow = (past?.seldom ?? [])
    .filter(({ subject, destination }) => !seen.has(JSON.stringify([subject, destination])))
    .flatMap((calls) => slowBeacon(calls, past!.nowMs) ?? [])
  const common = commonOwners(past)
  return [...fast, ...slow].filter(({ destination }) => !common.has(ownerOf(destination)))
}

function fastBeacon(group: readonly ObservedFlow[]): Alert | null {
  if (group.length < LEAST_FLOWS) return null
  const timer = timerOf(group.map(({ timeMs }) => timeMs))
  if (timer === null || timer.callsMs.length < LEAST_FLOWS) return null
  const facts = alertFacts(group)
  if (facts.lastMs - facts.firstMs < LEAST_SPAN_MS) return null
  const sizes = sizeRegularity(group)
  const { regularity, symmetry } = timer
  const score = sizes === null ? (regularity * 2 + symmetry) / 3 : (regularity * 2 + symmetry + sizes) / 4
  return score < SCORE ? null : beaconAlert(facts, timer, score, sizes)
}

function slowBeacon({ subject, destination, timesMs }: SeldomCalls, nowMs: number): Alert | null {
  const timer = timerOf(timesMs.toSorted((a, b) => a - b))
  if (timer === null || timer.callsMs.length < LEAST_SELDOM_CALLS || timer.periodMs < LEAST_SELDOM_PERIOD_MS)
    return null
  const [firstMs, lastMs] = [timer.callsMs[0]!, timer.callsMs.at(-1)!]
  const isOver = lastMs < nowMs - Math.max(86_400_000, 3 * timer.periodMs)
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

function sizeRegularity(calls: readonly ObservedFlow[]): number | null {
  const sizes = calls.map(({ flow }) => flow.bytesOut).filter((size) => typeof size === 'number')
  if (sizes.length < calls.length / 2) return null
  return Math.max(0, 1 - medianDeviation(sizes) / Math.max(1, median(sizes)))
}
