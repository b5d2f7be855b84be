import { presentName, type Message } from '@sallyport/wire'
import type { AnswerCache } from './answer-cache.ts'
import type { Endpoint } from './options.ts'
import type { Ask } from './upstream/outgoing-query.ts'
import type { ExchangeFailure } from './upstream/exchange.ts'
import type { UpstreamRoutes } from './upstream/upstream-routes.ts'
import type { Resolution } from './upstream/upstreams.ts'

export type Resolved =
  | { readonly kind: 'answer'; readonly message: Message; readonly upstream: Endpoint | null; readonly cached: boolean }
  | { readonly kind: 'failed'; readonly reason: ExchangeFailure }

/** The cache in front of the upstreams. Equal questions at one time go out once: twins help a spoofer (RFC 5452 §5). */
export class CachingResolver {
  readonly #cache: AnswerCache
  readonly #upstreams: UpstreamRoutes
  readonly #signal: AbortSignal
  readonly #asking = new Map<string, Promise<Resolution>>()

  constructor(cache: AnswerCache, upstreams: UpstreamRoutes, signal: AbortSignal) {
    this.#cache = cache
    this.#upstreams = upstreams
    this.#signal = signal
  }

  async resolve(ask: Ask): Promise<Resolved> {
    const key = [presentName(ask.name), ask.type, ask.dnssecOk, ask.checkingDisabled].join(' ')
    const message = this.#cache.get(key)
    if (message !== null) return { kind: 'answer', message, upstream: null, cached: true }
    const resolution = await this.#ask(key, ask)
    return resolution.kind === 'failed' ? resolution : { ...resolution, cached: false }
  }

  async #ask(key: string, ask: Ask): Promise<Resolution> {
    const running = this.#asking.get(key)
    if (running !== undefined) return running
    const resolving = this.#upstreams.resolve(ask, this.#signal)
    this.#asking.set(key, resolving)
    try {
      const resolution = await resolving
      if (resolution.kind === 'answer') this.#cache.put(key, resolution.message)
      return resolution
    } finally {
      this.#asking.delete(key)
    }
  }
}
