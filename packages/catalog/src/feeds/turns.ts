/** Long work in parts: others of this thread, as queries that wait for their answer, get their turn in between. */
export class Turns {
  readonly #steps: number
  #left: number

  constructor(steps: number) {
    this.#steps = steps
    this.#left = steps
  }

  /** Counts a step; `true` when others are to get their turn now, by awaiting `others()`. */
  isOver(): boolean {
    if (--this.#left > 0) return false
    this.#left = this.#steps
    return true
  }

  others(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}
