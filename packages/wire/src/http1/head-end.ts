import type { MessageFailure } from './problems.ts'

const LF = 10
const CR = 13

/** The octets of the head, its empty line left out and counted in `next`, where the body begins. */
type HeadEnd = { readonly end: number; readonly next: number }

/**
 * Where the head in `bytes` ends, `null` while its empty line has not come. `from` is where an earlier call left off, so that
 * many small pieces cost no more than one. A line that ends with LF alone is refused when it is seen, not when time is up.
 */
export function findHeadEnd(bytes: Uint8Array, from: number): HeadEnd | MessageFailure | null {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (at === 0 || bytes[at - 1] !== CR) return { problem: 'bare-line-end', offset: at }
    if (at >= 3 && bytes[at - 2] === LF) return { end: at - 3, next: at + 1 }
  }
  return null
}
