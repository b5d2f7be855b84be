import type { HourCount } from './flows-by-hour.ts'

const HOUR_MS = 3_600_000

/** A part of the time, open where it says nothing. */
export type Slice = {
  readonly fromMs: number | null
  readonly toMs: number | null
  readonly flows: number
  /** No part of it is smaller. */
  readonly isMoment: boolean
}

/** Begins and ends that are known, and about how many flows are between. */
type Piece = {
  readonly fromMs: number
  readonly toMs: number
  readonly flows: number
  /** It comes of one that had too much in it: joined with what is beside, it would have so again. */
  readonly isHalf: boolean
}

/** Time that was not asked for yet. Without gaps; open at both ends, as hours know of flows and not of ends of connections. */
export class SliceQueue {
  readonly #pieces: Piece[]
  readonly #startMs: number
  readonly #endMs: number
  #isBegun = false

  constructor(hours: readonly HourCount[]) {
    this.#pieces = hours.flatMap(([fromMs, flows], index) => {
      const toMs = fromMs + HOUR_MS
      const nextMs = hours[index + 1]?.[0] ?? toMs
      return [
        { fromMs, toMs, flows, isHalf: false },
        ...(nextMs > toMs ? [{ fromMs: toMs, toMs: nextMs, flows: 0, isHalf: false }] : []),
      ]
    })
    this.#pieces.reverse()
    this.#startMs = hours[0]?.[0] ?? 0
    this.#endMs = (hours.at(-1)?.[0] ?? 0) + HOUR_MS
  }

  /** The next part with about so many flows, a moment at least; null when there is none. Of no time at all there is one. */
  take(flows: number): Slice | null {
    const first = this.#pieces.pop()
    if (first === undefined) {
      const slice = this.#isBegun ? null : { fromMs: null, toMs: null, flows: 0, isMoment: true }
      this.#isBegun = true
      return slice
    }
    this.#isBegun = true
    if (first.flows > flows && first.toMs - first.fromMs > 1) {
      const wanted = Math.floor(((first.toMs - first.fromMs) * flows) / first.flows)
      const toMs = first.fromMs + Math.max(1, wanted)
      this.#pieces.push({ ...first, fromMs: toMs, flows: first.flows - flows })
      return this.#slice({ ...first, toMs, flows })
    }
    let taken = first
    for (
      let next = this.#pieces.at(-1);
      next && !taken.isHalf && !next.isHalf && taken.flows + next.flows <= flows;
      next = this.#pieces.at(-1)
    ) {
      taken = { ...taken, toMs: next.toMs, flows: taken.flows + next.flows }
      this.#pieces.pop()
    }
    return this.#slice(taken)
  }

  /** To be asked for in smaller parts. */
  putBack({ fromMs, toMs, flows }: Slice): void {
    const [from, to] = [fromMs ?? this.#startMs, toMs ?? this.#endMs]
    const middle = from + Math.max(1, Math.floor((to - from) / 2))
    if (middle < to) this.#pieces.push({ fromMs: middle, toMs: to, flows: flows / 2, isHalf: true })
    this.#pieces.push({ fromMs: from, toMs: middle, flows: flows / 2, isHalf: true })
  }

  #slice({ fromMs, toMs, flows }: Piece): Slice {
    return {
      fromMs: fromMs === this.#startMs ? null : fromMs,
      toMs: toMs === this.#endMs ? null : toMs,
      flows,
      isMoment: toMs - fromMs <= 1,
    }
  }
}
