/** A clock that is set in steps of less than that is one that is kept right. */
const LEAST_JUMP_MS = 600_000
/** The flows of a day lie on both sides of a jump; an hour more, as the past is read now and then. */
const UNSETTLED_MS = 25 * 3_600_000

/** Tells that the time of day went another way than time does: it was set, or the machine was asleep. */
export class ClockWatch {
  #offsetMs: number | null = null
  #jumpedAtMs = Number.NEGATIVE_INFINITY

  /** Whether it has jumped within the last day. */
  hasJumped(wallMs: number, monotonicMs: number): boolean {
    const offsetMs = wallMs - monotonicMs
    if (this.#offsetMs !== null && Math.abs(offsetMs - this.#offsetMs) >= LEAST_JUMP_MS) this.#jumpedAtMs = monotonicMs
    this.#offsetMs = offsetMs
    return monotonicMs - this.#jumpedAtMs < UNSETTLED_MS
  }
}
