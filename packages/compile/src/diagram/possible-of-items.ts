import type { Outcome } from '@sallyport/policy'
import type { Item } from './item.ts'

/** Every way a list of items without open conditions may end; entries with the low bit set may or may not hold. */
export function possibleOfItems(items: readonly Item[], residual: Int32Array): readonly Outcome[] {
  const outcomes = new Map<number, Outcome>()
  const starts = [0]
  const seen = new Set<number>()
  for (let start = starts.pop(); start !== undefined; start = starts.pop()) {
    if (seen.has(start)) continue
    seen.add(start)
    for (let at = 0; at < residual.length; at++) {
      const entry = residual[at]!
      if (entry >> 1 < start) continue
      const { target } = items[entry >> 1]!
      if (target.kind === 'act') outcomes.set(target.outcome.rank, target.outcome)
      else starts.push(target.to)
      if ((entry & 1) === 0) break
    }
  }
  return [...outcomes.values()].sort((a, b) => a.rank - b.rank)
}
