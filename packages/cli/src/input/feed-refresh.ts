import { join } from 'node:path'
import type { FeedState, Subscription, Updated, WhichFeeds } from '@sallyport/catalog'
import type { Policy } from '@sallyport/policy'
import type { FeedCounters } from '../output/feed-metrics.ts'
import { note } from '../output/print.ts'
import { printable } from '../output/style.ts'
import { stateDirectory } from './state-directory.ts'

/** Nobody wants to wait longer for a command to start; what is missing then comes with the next refresh. */
const START_TIMEOUT_MS = 15_000
const MOST_SECONDS_BETWEEN_CHECKS = 60

/** Feeds of which there is no copy yet are fetched before the policy is enforced. `feeds` are those of --feed, which take the place of the policy's. */
export async function fetchMissingFeeds(feeds: readonly string[], policy: Policy): Promise<void> {
  const wanted = await subscriptions(policy, namesOf(feeds))
  if (wanted.length > 0) await fetchMissing(wanted)
}

function namesOf(feeds: readonly string[]): ReadonlySet<string> {
  return new Set(feeds.map((text) => text.slice(0, Math.max(0, text.indexOf('=')))))
}

async function subscriptions(policy: Policy, without: ReadonlySet<string>): Promise<readonly Subscription[]> {
  if (policy.layers.every(({ feeds }) => feeds === undefined)) return []
  const { subscriptionsOf } = await import('@sallyport/catalog')
  return subscriptionsOf(policy).filter(({ name }) => !without.has(name))
}

async function fetchMissing(wanted: readonly Subscription[]): Promise<void> {
  const { FeedStore, missingFeeds, updateFeedsApart } = await import('@sallyport/catalog')
  const store = ownStore()
  try {
    const missing = await missingFeeds(wanted, { store: new FeedStore(store) })
    if (missing.length === 0) return
    report(await updateFeedsApart({ subscriptions: missing, store, which: 'due', timeoutMs: START_TIMEOUT_MS }))
  } catch (error) {
    note(`sallyport: feeds cannot be kept: ${printable(error instanceof Error ? error.message : String(error))}`)
  }
}

/** Directory of this user's copies. */
function ownStore(): string {
  return join(stateDirectory(), 'feeds')
}

function report(updated: readonly Updated[]): void {
  for (const { name, outcome, reason, state } of updated) {
    const entries = state.current?.entries ?? 0
    if (outcome === 'updated') note(`sallyport: feed ${name}: ${entries} entries in force`)
    if (outcome === 'held') note(`sallyport: feed ${name}: a new copy is held back: it ${reason}`)
    if (outcome === 'failed') note(`sallyport: feed ${name}: ${printable(reason ?? '')}; ${entries} entries in force`)
  }
}

type FeedRefreshOptions = {
  readonly policy: () => Policy | Promise<Policy>
  /** Those of --feed, which take the place of the policy's. */
  readonly feeds: readonly string[]
  /** Puts the new copies of these feeds in force. One that throws is called again after the next look. */
  readonly changed: (names: readonly string[]) => Promise<void>
  readonly counters: FeedCounters
}

/** Looks for new copies of the feeds of a policy as their refresh says, until disposed. */
export class FeedRefresh implements Disposable {
  readonly #options: FeedRefreshOptions
  #states: readonly FeedState[] = []
  /** Feeds with a new copy that is not in force yet. */
  readonly #waiting: Set<string> = new Set()
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | null = null
  /** One look at a time: two would write the state of one feed. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: FeedRefreshOptions) {
    this.#options = options
    void this.#schedule()
  }

  /** What was known of each feed when it was last looked at. */
  get states(): readonly FeedState[] {
    return this.#states
  }

  /** Looks at one feed whether or not its time has come; null when the policy has none of this name. */
  lookNow(name: string): Promise<Updated | null> {
    return this.#inTurn(async () => {
      const wanted = await this.#wanted()
      const feed = wanted.find((each) => each.name === name)
      if (feed === undefined) return null
      const [updated] = await this.#update([feed], 'all')
      await this.#readStates(wanted)
      return updated!
    })
  }

  async #schedule(): Promise<void> {
    const wanted = await this.#wanted()
    await this.#readStates(wanted)
    if (this.#stopped.signal.aborted) return
    const seconds = Math.min(MOST_SECONDS_BETWEEN_CHECKS, ...wanted.map(({ refreshSeconds }) => refreshSeconds))
    this.#timer = setTimeout(() => void this.#check(wanted), seconds * 1000).unref()
  }

  /** None of a policy that cannot be read now: whoever reloads it is told what is wrong. */
  async #wanted(): Promise<readonly Subscription[]> {
    try {
      return await subscriptions(await this.#options.policy(), namesOf(this.#options.feeds))
    } catch {
      return []
    }
  }

  async #check(wanted: readonly Subscription[]): Promise<void> {
    try {
      await this.#inTurn(() => this.#update(wanted, 'due'))
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      note(`sallyport: feeds cannot be kept: ${printable(error instanceof Error ? error.message : String(error))}`)
    }
    await this.#schedule()
  }

  async #update(wanted: readonly Subscription[], which: WhichFeeds): Promise<readonly Updated[]> {
    if (wanted.length === 0) return []
    const { updateFeedsApart } = await import('@sallyport/catalog')
    const { signal } = this.#stopped
    const updated = await updateFeedsApart({ subscriptions: wanted, store: ownStore(), which }, signal)
    await this.#take(updated)
    return updated
  }

  async #readStates(wanted: readonly Subscription[]): Promise<void> {
    if (wanted.length === 0) return void (this.#states = [])
    const { FeedStore } = await import('@sallyport/catalog')
    const store = new FeedStore(ownStore())
    this.#states = await Promise.all(wanted.map((each) => store.state(each)))
  }

  async #take(updated: readonly Updated[]): Promise<void> {
    report(updated)
    for (const { name, outcome } of updated) {
      this.#options.counters.checks[outcome]++
      if (outcome === 'updated') this.#waiting.add(name)
    }
    if (this.#waiting.size > 0) await this.#putInForce()
  }

  async #putInForce(): Promise<void> {
    const names = [...this.#waiting]
    this.#waiting.clear()
    try {
      await this.#options.changed(names)
    } catch (error) {
      for (const name of names) this.#waiting.add(name)
      this.#options.counters.failures++
      const why = error instanceof Error ? error.message : String(error)
      note(`sallyport: new copies of feeds cannot be put in force: ${printable(why)}`)
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  [Symbol.dispose](): void {
    this.#stopped.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
