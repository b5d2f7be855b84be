/** Failures in a row after which a server is left alone for a while. */
const MOST_FAILURES = 2
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/** Whether a server is worth asking. After each further failure it rests twice as long, then one query tries it again. */
export class ServerHealth {
  #failures = 0
  #restsUntil = 0

  isUp(): boolean {
    return this.#failures < MOST_FAILURES
  }

  /** Also true for a server that has rested enough; the caller's query is the trial, others wait for what comes of it. */
  mayBeAsked(nowMs: number): boolean {
    if (this.isUp()) return true
    if (nowMs < this.#restsUntil) return false
    this.#rest(nowMs)
    return true
  }

  /** True when it had been down. */
  answered(): boolean {
    const wasDown = !this.isUp()
    this.#failures = 0
    return wasDown
  }

  /** True when it is down from now on. */
  failed(nowMs: number): boolean {
    this.#failures++
    if (this.isUp()) return false
    this.#rest(nowMs)
    return this.#failures === MOST_FAILURES
  }

  #rest(nowMs: number): void {
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(16, this.#failures - MOST_FAILURES)
    this.#restsUntil = nowMs + Math.min(LONGEST_PAUSE_MS, doubled)
  }
}
