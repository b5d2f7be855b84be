import type { Deadline, Deadlines, Due } from './deadlines.ts'

type Idle = { onIdle(): void }

/** Tells when nothing has happened for so long. What happens moves no deadline: it is looked at when it is due. */
export class IdleTimer implements Due {
  readonly #deadlines: Deadlines
  readonly #of: Idle
  #idleMs = 0
  #activeMs = 0
  #dueMs = 0
  #deadline: Deadline | null = null

  constructor(deadlines: Deadlines, of: Idle) {
    this.#deadlines = deadlines
    this.#of = of
  }

  /** From now on; 0 is never. */
  set(ms: number): void {
    this.#idleMs = ms
    if (ms === 0) return this.#clear()
    const nowMs = performance.now()
    this.#activeMs = nowMs
    if (this.#deadline !== null && this.#dueMs <= nowMs + ms) return
    this.#clear()
    this.#arm(ms, nowMs)
  }

  touch(): void {
    this.#activeMs = performance.now()
  }

  #arm(ms: number, nowMs: number): void {
    this.#dueMs = nowMs + ms
    this.#deadline = this.#deadlines.after(ms, this, nowMs)
  }

  onDue(): void {
    this.#deadline = null
    const nowMs = performance.now()
    const leftMs = this.#activeMs + this.#idleMs - nowMs
    if (leftMs > 0) this.#arm(Math.ceil(leftMs), nowMs)
    else this.#of.onIdle()
  }

  #clear(): void {
    this.#deadline?.cancel()
    this.#deadline = null
  }
}
