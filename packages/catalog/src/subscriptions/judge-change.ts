/** Lists that change by fewer entries are never held back. */
const SMALL_CHANGE = 100
const LEAST_SHARE = 0.5
const MOST_GROWTH = 3

/** Why a new copy of a list waits to be accepted; `null` when it may take the place of the old. */
export function judgeChange(before: number | null, after: number): string | null {
  if (before === null || Math.abs(after - before) <= SMALL_CHANGE) return null
  if (after < before * LEAST_SHARE) return `shrank from ${before} to ${after} entries`
  if (after > before * MOST_GROWTH) return `grew from ${before} to ${after} entries`
  return null
}
