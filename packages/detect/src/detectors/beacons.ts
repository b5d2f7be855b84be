import type { Alert, ObservedFlow } from '../alert.ts'
import { alertFacts, bySubjectAndDestination, thinned } from '../observed.ts'
import { bowleySkewness, median, medianDeviation } from '../statistics.ts'

const LEAST_FLOWS = 24
const LEAST_INTERVAL_MS = 5_000
const LEAST_SPAN_MS = 3_600_000
const SCORE = 0.8
/** Two flows of one wake-up. */
const BURST_MS = 2_000

/**
 * A program that calls home by a timer. The score is the mean of regularity and symmetry of the intervals, after RITA's
 * beacon analysis (https://github.com/activecm/rita), scale-free and with lost calls folded:
 *
 * - interval i, median m: an interval near k·m, k ≤ 5, counts as i/k, so that a lost call is no irregularity;
 * - regularity = 1 - 2·MAD(i)/m, at least 0. Uniform jitter of ±j has MAD j·m/2, so ±20 % gives 0.8, people about 0;
 * - symmetry = 1 - |Bowley skewness(i)|: a timer's jitter lies evenly around its period, people's pauses have a long tail;
 *   weighed by how far the intervals spread, as the skewness of nearly equal intervals means nothing;
 * - sizes = 1 - MAD(bytes out)/median, where bytes are known: a call without news has one size.
 */
export function detectBeacons(flows: readonly ObservedFlow[]): readonly Alert[] {
  return bySubjectAndDestination(flows).flatMap((group) => beaconOf(group) ?? [])
}

function beaconOf(group: readonly ObservedFlow[]): Alert | null {
  const calls = group.filter(({ timeMs }, index) => index === 0 || timeMs - group[index - 1]!.timeMs >= BURST_MS)
  if (calls.length < LEAST_FLOWS) return null
  const facts = alertFacts(calls)
  if (facts.lastMs - facts.firstMs < LEAST_SPAN_MS) return null
  const intervals = calls.slice(1).map(({ timeMs }, index) => timeMs - calls[index]!.timeMs)
  const period = median(intervals)
  if (period < LEAST_INTERVAL_MS) return null
  const folded = intervals.map((interval) => interval / Math.min(5, Math.max(1, Math.round(interval / period))))
  const spread = medianDeviation(folded) / median(folded)
  const regularity = Math.max(0, 1 - 2 * spread)
  const symmetry = 1 - Math.abs(bowleySkewness(folded)) * Math.min(1, spread * 4)
  const sizes = sizeRegularity(calls)
  const score = sizes === null ? (regularity * 2 + symmetry) / 3 : (regularity * 2 + symmetry + sizes) / 4
  if (score < SCORE || regularity < 0.5) return null
  return {
    detector: 'beacon',
    severity: score > 0.9 ? 'high' : 'medium',
    technique: { id: 'T1071', name: 'Application Layer Protocol' },
    ...facts,
    sentence: `${facts.subject} called ${facts.destination} ${calls.length} times, every ${Math.round(period / 1000)} s, give or take ${Math.round(spread * 100)} %`,
    numbers: {
      score,
      calls: calls.length,
      periodMs: period,
      spread,
      regularity,
      symmetry,
      ...(sizes === null ? {} : { sizes }),
    },
    series: thinned(calls.slice(1).map(({ timeMs }, index) => [timeMs, intervals[index]!])),
  }
}

function sizeRegularity(calls: readonly ObservedFlow[]): number | null {
  const sizes = calls.map(({ flow }) => flow.bytesOut).filter((size) => typeof size === 'number')
  if (sizes.length < calls.length / 2) return null
  return Math.max(0, 1 - medianDeviation(sizes) / Math.max(1, median(sizes)))
}
