export type Clocks = {
  readonly nowMs: () => number
  /** Milliseconds that nobody can set. */
  readonly monotonicMs: () => number
}

/** When a trial is over. A clock that is set back does not make it longer. */
export class TrialClock {
  readonly #clocks: Clocks
  /** Of the trial that began in this process; null: none did. */
  #endsMs: number | null = null

  constructor(clocks: Clocks) {
    this.#clocks = clocks
  }

  /** Null: what is applied is no trial. */
  begin(confirmSeconds: number | null): void {
    this.#endsMs = confirmSeconds === null ? null : this.#clocks.monotonicMs() + confirmSeconds * 1000
  }

  isOver(confirmByMs: number): boolean {
    const { nowMs, monotonicMs } = this.#clocks
    return confirmByMs <= nowMs() || (this.#endsMs !== null && this.#endsMs <= monotonicMs())
  }
}
