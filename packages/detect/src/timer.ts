import { bowleySkewness, median, medianDeviation } from './statistics.ts'

/** How much a series of calls is like a timer; the shares are 0 to 1. */
export type Timer = {
  readonly callsMs: readonly number[]
  readonly periodMs: number
  readonly spread: number
  readonly regularity: number
  readonly symmetry: number
  readonly persistence: number
}

export const LEAST_INTERVAL_MS = 5_000
/** Two flows of one wake-up. */
export const BURST_MS = 2_000
export const MOST_LOST = 5
export const LEAST_REGULARITY = 0.4
/** From here on the intervals alone say that it is a timer. */
const CLEAR_REGULARITY = 0.7
const LEAST_PERSISTENCE = 0.9
/** Persistence of fewer bins means nothing. */
const LEAST_BINS = 12

/**
 * The measures are those of RITA's beacon analysis (https://github.com/activecm/rita), scale-free and with lost calls folded:
 *
 * - interval i, median m: an interval near k·m, k ≤ 5, counts as i/k, so that a lost call is no irregularity;
 * - regularity = 1 - 2·MAD(i)/m, at least 0. Uniform jitter of ±j has MAD j·m/2, so ±20 % gives 0.8, people about 0;
 * - symmetry = 1 - |Bowley skewness(i)|: a timer's jitter lies evenly around its period, people's pauses have a long tail;
 *   weighed by how far the intervals spread, as the skewness of nearly equal intervals means nothing;
 * - persistence: the share of bins of three periods between the first call and the last that have a call. People go home. With
 *   jitter of more than ±30 % it must be 0.9.
 *
 * Null when it is none. `timesMs` is ascending.
 */
export function timerOf(timesMs: readonly number[]): Timer | null {
  const callsMs = timesMs.filter((timeMs, index) => index === 0 || timeMs - timesMs[index - 1]! >= BURST_MS)
  if (callsMs.length < 4) return null
  const intervals = callsMs.slice(1).map((timeMs, index) => timeMs - callsMs[index]!)
  const periodMs = median(intervals)
  if (periodMs < LEAST_INTERVAL_MS) return null
  const folded = intervals.map(
    (interval) => interval / Math.min(MOST_LOST, Math.max(1, Math.round(interval / periodMs))),
  )
  const spread = medianDeviation(folded) / median(folded)
  const regularity = Math.max(0, 1 - 2 * spread)
  const symmetry = 1 - Math.abs(bowleySkewness(folded)) * Math.min(1, spread * 4)
  const bins = Math.ceil((callsMs.at(-1)! - callsMs[0]! + 1) / (3 * periodMs))
  const persistence = new Set(callsMs.map((timeMs) => Math.floor((timeMs - callsMs[0]!) / (3 * periodMs)))).size / bins
  if (regularity < LEAST_REGULARITY) return null
  if (regularity < CLEAR_REGULARITY && (bins < LEAST_BINS || persistence < LEAST_PERSISTENCE)) return null
  return { callsMs, periodMs, spread, regularity, symmetry, persistence }
}
