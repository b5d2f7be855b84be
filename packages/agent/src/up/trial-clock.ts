export type Clocks = {
  readonly nowMs: () => number
  /** Milliseconds that nobody can set. */
  readonly monotonicMs: () => number
}

/** The longest that somebody may ask for. */
const MOST_MS = 86_400_000

/** When a trial is over: after its time, whatever the time of day is set to meanwhile. */
export class TrialClock {
  readonly #clocks: Clocks
  /** On the monotonic clock; null: no trial began in this process, and of one that began before nobody has asked. */
  #endsMs: number | null = null

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** Null: what is applied is no trial. */
  begin(confirmSeconds: number | null): void {
    this.#endsMs = confirmSeconds === null ? null : this.#clocks.monotonicMs() + confirmSeconds * 1000
  }

  /** Of a trial that an earlier process began, the time of day says how much is left, once. */
  isOver(confirmByMs: number): boolean {
    const { nowMs, monotonicMs } = this.#clocks
    this.#endsMs ??= monotonicMs() + Math.min(confirmByMs - nowMs(), MOST_MS)
    return this.#endsMs <= monotonicMs()
  }
}
