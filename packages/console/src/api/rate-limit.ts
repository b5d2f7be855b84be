const MAX_KEYS = 10_000

/** So many a window for each key. When there are too many keys at once, nobody gets any. */
export class RateLimit {
  readonly #most: number
  readonly #windowMs: number
  readonly #taken = new Map<string, { count: number; readonly untilMs: number }>()

  constructor(most: number, windowMs: number) {
    this.#most = most
    this.#windowMs = windowMs
  }

  take(key: string, nowMs: number): boolean {
    for (const [each, { untilMs }] of this.#taken)
      // Beyond a window from now: the clock was set back since.
      if (untilMs <= nowMs || untilMs > nowMs + this.#windowMs) this.#taken.delete(each)
    const entry = this.#taken.get(key) ?? { count: 0, untilMs: nowMs + this.#windowMs }
    if (entry.count >= this.#most || this.#taken.size >= MAX_KEYS) return false
    entry.count++
    this.#taken.set(key, entry)
    return true
  }
}
