type Kept<T> = {
  readonly answer: T
  readonly tookMs: number
  readonly endedMs: number
  isOutdated: boolean
}
type UnderWay<T> = { readonly kept: Promise<Kept<T>>; isOutdated: boolean }

/** An answer may be as old as ten times what it took. */
const AGE = 10
/** One that is over is given all the same, while the next is worked out, up to an age at which `keepOverview` has long brought another. */
const LEFT_AGE = 150
const LEFT_MS = 90_000

/**
 * An answer that many ask for and that is worked out over all flows: those who ask while it is on its way get that one, and it stays for a
 * while, so that a tenth of the time is spent on it at most, however large the store is. Who asks for one that is over, and not old, does
 * not wait for the next.
 */
export class OverviewMemory<T> {
  readonly #kept = new Map<number, Kept<T>>()
  readonly #underWay = new Map<number, UnderWay<T>>()
  readonly #work: (hours: number) => Promise<T>
  readonly #monotonicMs: () => number
  readonly #renewable: (afterMs: number) => void

  /** `renewable`: in so many milliseconds who asks again gets an answer that knows more, or is the cause of one. */
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
      if (!kept.isOutdated) this.#renewWhenOver(kept)
      kept.isOutdated = true
    }
    for (const underWay of this.#underWay.values()) underWay.isOutdated = true
  }

  async at(hours: number): Promise<T> {
    const nowMs = this.#monotonicMs()
    for (const [key, { endedMs, tookMs }] of this.#kept)
      if (nowMs >= endedMs + LEFT_MS + tookMs * LEFT_AGE) this.#kept.delete(key)
    const kept = this.#kept.get(hours)
    if (kept === undefined) return (await this.#next(hours)).answer
    if (nowMs >= overMs(kept) && !this.#underWay.has(hours))
      // What failed is asked for by the next who comes.
      this.#next(hours).then(
        () => this.#renewable(0),
        () => {},
      )
    return kept.answer
  }

  /** Works it out, whether or not the one before is over; for how long that took. */
  async renew(hours: number): Promise<number> {
    return (await this.#next(hours)).tookMs
  }

  #next(hours: number): Promise<Kept<T>> {
    const known = this.#underWay.get(hours)
    if (known !== undefined) return known.kept
    const underWay = { kept: this.#workOut(hours), isOutdated: false }
    this.#underWay.set(hours, underWay)
    return underWay.kept
  }

  async #workOut(hours: number): Promise<Kept<T>> {
    const begunMs = this.#monotonicMs()
    try {
      const answer = await this.#work(hours)
      const endedMs = this.#monotonicMs()
      const isOutdated = this.#underWay.get(hours)?.isOutdated === true
      const kept = { answer, tookMs: endedMs - begunMs, endedMs, isOutdated }
      this.#kept.set(hours, kept)
      if (isOutdated) this.#renewWhenOver(kept)
      return kept
    } finally {
      this.#underWay.delete(hours)
    }
  }

  #renewWhenOver(kept: Kept<T>): void {
    this.#renewable(Math.max(0, overMs(kept) - this.#monotonicMs()))
  }
}

function overMs({ endedMs, tookMs }: Kept<unknown>): number {
  return endedMs + tookMs * AGE
}
