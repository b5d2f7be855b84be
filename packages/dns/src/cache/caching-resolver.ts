import { presentName, RCODE, type Message } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import type { Endpoint } from '../options.ts'
import type { Ask } from '../upstream/outgoing-query.ts'
import type { Resolution } from '../upstream/upstreams.ts'
import type { AnswerCache } from './answer-cache.ts'
import type { FailureCache } from './failure-cache.ts'

export type Resolved =
  | {
      readonly kind: 'answer'
      readonly message: Message
      readonly upstream: Endpoint | null
      readonly cached: boolean
      /** Over its time, because nobody could be reached (RFC 8767). */
      readonly stale: boolean
    }
  | (Extract<Resolution, { readonly kind: 'failed' }> & { readonly cached: boolean })

/** What the cache asks when it does not know. */
export type AskUpstreams = (ask: Ask, signal: AbortSignal) => Promise<Resolution>

/** RFC 8767 §5, the client response timer: who waits this long gets the answer that is over. */
const STALE_AFTER_MS = 1800

/** The cache in front of the upstreams. Equal questions at one time go out once: twins help a spoofer (RFC 5452 §5). */
export class CachingResolver {
  readonly #cache: AnswerCache
  readonly #failures: FailureCache
  readonly #resolve: AskUpstreams
  readonly #counters: Counters
  readonly #mayBeStale: () => boolean
  readonly #signal: AbortSignal
  readonly #asking = new Map<string, Promise<Resolution>>()

  constructor(
    cache: AnswerCache,
    failures: FailureCache,
    resolve: AskUpstreams,
    counters: Counters,
    mayBeStale: () => boolean,
    signal: AbortSignal,
  ) {
    this.#cache = cache
    this.#failures = failures
    this.#resolve = resolve
    this.#counters = counters
    this.#mayBeStale = mayBeStale
    this.#signal = signal
  }

  async resolve(ask: Ask): Promise<Resolved> {
    const key = [presentName(ask.name), ask.type, ask.dnssecOk, ask.checkingDisabled].join(' ')
    const cached = this.#cache.get(key)
    if (cached === null || (cached.state === 'stale' && !this.#mayBeStale())) {
      const failure = this.#failures.get(key)
      this.#counters.add(failure === null ? 'cacheMisses' : 'cacheFailures')
      return failure === null ? resolved(await this.#ask(key, ask), false) : resolved(failure, true)
    }
    const { message, state, ending, failedLately } = cached
    const known = { kind: 'answer', message, upstream: null, cached: true, stale: state === 'stale' } as const
    if (state === 'stale') {
      const fresh = failedLately ? null : await this.#inTime(this.#ask(key, ask))
      if (fresh !== null) return resolved(fresh, false)
      this.#counters.add('cacheStale')
      return known
    }
    this.#counters.add('cacheHits')
    if (ending && !this.#asking.has(key)) {
      this.#counters.add('cachePrefetches')
      void this.#ask(key, ask)
    }
    return known
  }

  /** `null` when there is no usable answer soon. What comes later is kept all the same. */
  async #inTime(asking: Promise<Resolution>): Promise<Resolution | null> {
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const timer = setTimeout(() => resolve(null), STALE_AFTER_MS)
    const first = await Promise.race([asking, late])
    clearTimeout(timer)
    return first !== null && isUseful(first) ? first : null
  }

  async #ask(key: string, ask: Ask): Promise<Resolution> {
    const running = this.#asking.get(key)
    if (running !== undefined) return running
    const resolving = this.#resolve(ask, this.#signal)
    this.#asking.set(key, resolving)
    try {
      const resolution = await resolving
      this.#keep(key, resolution)
      return resolution
    } finally {
      this.#asking.delete(key)
    }
  }

  #keep(key: string, resolution: Resolution): void {
    if (isUseful(resolution)) {
      this.#cache.put(key, resolution.message)
      this.#failures.answered(key)
      return
    }
    this.#cache.failed(key)
    // What failed for want of connections here was never asked.
    if (resolution.kind !== 'failed' || resolution.reason !== 'busy') this.#failures.failed(key, resolution)
  }
}

function resolved(resolution: Resolution, cached: boolean): Resolved {
  return resolution.kind === 'failed' ? { ...resolution, cached } : { ...resolution, cached, stale: false }
}

/** SERVFAIL and the like do not take the place of an answer (RFC 8767 §5). */
function isUseful(resolution: Resolution): resolution is Extract<Resolution, { kind: 'answer' }> {
  if (resolution.kind === 'failed') return false
  const { rcode } = resolution.message.header
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN
}
