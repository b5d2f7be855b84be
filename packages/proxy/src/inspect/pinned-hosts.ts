const FAILURES = 3
const WITHIN_MS = 10 * 60_000
const SPARED_MS = 24 * 3_600_000
const MOST_KEPT = 10_000

type Entry = { failures: number; sinceMs: number; sparedUntilMs: number }

/**
 * Hosts whose clients have refused our certificate again and again and never took it: applications that pin theirs. Each client
 * learns for itself, so that none can spare a host for others.
 */
export class PinnedHosts {
  readonly #entries = new Map<string, Entry>()

  isPinned(client: string, host: string, nowMs: number): boolean {
    return (this.#entries.get(keyOf(client, host))?.sparedUntilMs ?? 0) > nowMs
  }

  /** True when this failure is the one that makes the host a pinned one. */
  refused(client: string, host: string, nowMs: number): boolean {
    const key = keyOf(client, host)
    const known = this.#entries.get(key)
    const entry =
      known === undefined || nowMs - known.sinceMs > WITHIN_MS
        ? { failures: 0, sinceMs: nowMs, sparedUntilMs: 0 }
        : known
    entry.failures++
    if (entry.failures >= FAILURES) entry.sparedUntilMs = nowMs + SPARED_MS
    this.#entries.delete(key)
    if (this.#entries.size >= MOST_KEPT) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, entry)
    return entry.failures === FAILURES
  }

  accepted(client: string, host: string): void {
    this.#entries.delete(keyOf(client, host))
  }
}

const keyOf = (client: string, host: string): string => `${client} ${host}`
