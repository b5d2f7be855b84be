const MAX_LENGTH = 64
const MAX_CANDIDATES = 2000

/** The candidate that `text` was most likely meant to be, or `null` when none is near. */
export function nearest(text: string, candidates: Iterable<string>): string | null {
  if (text.length === 0 || text.length > MAX_LENGTH) return null
  const wanted = text.toLowerCase()
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(text.length / 3)) + 1
  let left = MAX_CANDIDATES
  for (const candidate of candidates) {
    if (left-- === 0) break
    if (Math.abs(candidate.length - text.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Damerau–Levenshtein distance (optimal string alignment): insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1)
      }
      row.push(distance)
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length]!
}
