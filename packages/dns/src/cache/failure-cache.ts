import type { Counters } from '../counters.ts'
import type { Resolution } from '../upstream/upstreams.ts'

type Entry = { readonly failure: Resolution; readonly untilMs: number; readonly pauseMs: number }

/** RFC 9520 §3.2: at least a second, longer each time, never over five minutes. Half a minute, for networks come back. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

/**
 * What could not be resolved, so that clients who ask again and again do not become a flood for servers in trouble
 * (RFC 9520).
 */
export class FailureCache {
  readonly #entries = new Map<string, Entry>()
  readonly #most: number
  readonly #counters: Counters
  readonly #now: () => number

  /** `now` in milliseconds, never going back. */
  constructor(most: number, counters: Counters, now: () => number) {
    this.#most = most
    this.#counters = counters
    this.#now = now
  }

  /** `null` when the servers may be asked. */
  get(key: string): Resolution | null {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#now() < entry.untilMs ? entry.failure : null
  }

  failed(key: string, failure: Resolution): void {
    if (this.#most <= 0) return
    const now = this.#now()
    const before = this.#entries.get(key)
    this.#entries.delete(key)
    if (this.#entries.size >= this.#most) {
      this.#entries.delete(this.#entries.keys().next().value!)
      this.#counters.add('cacheEvictions')
    }
    // What failed long ago says nothing about how long it will.
    const again = before !== undefined && now - before.untilMs < LONGEST_PAUSE_MS
    const pauseMs = again ? Math.min(LONGEST_PAUSE_MS, before.pauseMs * 2) : FIRST_PAUSE_MS
    this.#entries.set(key, { failure, untilMs: now + pauseMs, pauseMs })
  }

  answered(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
