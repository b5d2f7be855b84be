type Kept<T> = { readonly answer: Promise<T>; untilMs: number; isOutdated: boolean }

/** An answer may be as old as ten times what it took. */
const AGE = 10

/**
 * An answer that many ask for and that is worked out over all flows: those who ask while it is on its way get that one, and it stays for a
 * while, so that a tenth of the time is spent on it at most, however large the store is.
 */
export class OverviewMemory<T> {
  readonly #kept = new Map<number, Kept<T>>()
  readonly #work: (hours: number) => Promise<T>
  readonly #monotonicMs: () => number
  readonly #renewable: (afterMs: number) => void

  /** `renewable`: in so many milliseconds an answer is over that lacks something. */
  constructor(
    work: (hours: number) => Promise<T>,
    monotonicMs: () => number,
    renewable: (afterMs: number) => void = () => {},
  ) {
    this.#work = work
    this.#monotonicMs = monotonicMs
    this.#renewable = renewable
  }

  /** There is more than the answers know: who asks because of that may get one of them, and has to ask once more. */
  outdated(): void {
    for (const kept of this.#kept.values()) {
      if (!kept.isOutdated && Number.isFinite(kept.untilMs)) this.#renewSoon(kept)
      kept.isOutdated = true
    }
  }

  async at(hours: number): Promise<T> {
    const begunMs = this.#monotonicMs()
    for (const [key, { untilMs }] of this.#kept) if (untilMs <= begunMs) this.#kept.delete(key)
    const known = this.#kept.get(hours)
    if (known !== undefined) return known.answer
    const fresh: Kept<T> = { answer: this.#work(hours), untilMs: Number.POSITIVE_INFINITY, isOutdated: false }
    this.#kept.set(hours, fresh)
    try {
      const answer = await fresh.answer
      const endedMs = this.#monotonicMs()
      fresh.untilMs = endedMs + (endedMs - begunMs) * AGE
      if (fresh.isOutdated) this.#renewSoon(fresh)
      return answer
    } catch (error) {
      this.#kept.delete(hours)
      throw error
    }
  }

  #renewSoon({ untilMs }: Kept<T>): void {
    this.#renewable(Math.max(0, untilMs - this.#monotonicMs()))
  }
}
