/** A part of the table `flows`, as it lies on the disk. */
export type Part = {
  readonly name: string
  readonly bytes: number
  readonly firstMs: number
  readonly lastMs: number
}

const HOUR_MS = 3_600_000

/**
 * The time before which all has to go for so many bytes: whole hours, as sums are of hours, and nothing of the part with the newest flows. Parts
 * before it go as they lie. What stays of a part is written anew; one that does not fit on what is free a second time goes as a whole. Null
 * when nothing may go.
 */
export function planRoom(parts: readonly Part[], neededBytes: number, freeBytes: number): number | null {
  const sorted = parts.toSorted((a, b) => a.lastMs - b.lastMs)
  const newest = sorted.at(-1)
  const oldestMs = parts.reduce((least, { firstMs }) => Math.min(least, firstMs), Infinity)
  if (newest === undefined) return null
  let freed = 0
  const last = sorted.find(({ bytes }) => (freed += bytes) >= neededBytes) ?? newest
  const mostMs = Math.floor(newest.firstMs / HOUR_MS) * HOUR_MS
  for (let beforeMs = hourAfter(last.lastMs); ;) {
    beforeMs = Math.min(beforeMs, mostMs)
    if (beforeMs <= oldestMs) return null
    const whole = parts.filter(({ lastMs }) => lastMs < beforeMs)
    const room = whole.reduce((sum, { bytes }) => sum + bytes, freeBytes)
    const tooLarge = parts.filter((part) => part.firstMs < beforeMs && part.lastMs >= beforeMs && part.bytes > room)
    if (tooLarge.length === 0) return beforeMs
    if (beforeMs === mostMs) return null
    beforeMs = Math.max(...tooLarge.map(({ lastMs }) => hourAfter(lastMs)))
  }
}

function hourAfter(timeMs: number): number {
  return (Math.floor(timeMs / HOUR_MS) + 1) * HOUR_MS
}
