/** Tells when nothing has happened for so long. What happens moves no timer: the timer looks when it is due. */
export class IdleTimer {
  readonly #onIdle: () => void
  #idleMs = 0
  #activeMs = 0
  #dueMs = 0
  #timer: NodeJS.Timeout | null = null

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle
  }

  /** From now on; 0 is never. */
  set(ms: number): void {
    this.#idleMs = ms
    this.#activeMs = performance.now()
    if (ms === 0) return this.#clear()
    const dueMs = this.#activeMs + ms
    if (this.#timer !== null && this.#dueMs <= dueMs) return
    this.#clear()
    this.#arm(ms)
  }

  touch(): void {
    this.#activeMs = performance.now()
  }

  #arm(ms: number): void {
    this.#dueMs = performance.now() + ms
    this.#timer = setTimeout(IdleTimer.#look, ms, this).unref()
  }

  static #look(this: void, timer: IdleTimer): void {
    timer.#timer = null
    const leftMs = timer.#activeMs + timer.#idleMs - performance.now()
    if (leftMs > 0) timer.#arm(Math.ceil(leftMs))
    else timer.#onIdle()
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
