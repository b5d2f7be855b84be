import { isDeepStrictEqual } from 'node:util'
import { AnswerCache } from './cache/answer-cache.ts'
import { CachingResolver, type AskUpstreams, type Resolved } from './cache/caching-resolver.ts'
import { FailureCache } from './cache/failure-cache.ts'
import type { Counters } from './counters.ts'
import type { Limits, Timeouts } from './limits.ts'
import { DEFAULT_SETTINGS, type ForwarderOptions } from './options.ts'
import type { Ask } from './upstream/outgoing-query.ts'
import { UpstreamRoutes } from './upstream/upstream-routes.ts'
import { validatingUpstreams } from './validate/validating-upstreams.ts'

/** Who is asked, and whether what they say is checked. */
export type Servers = Pick<ForwarderOptions, 'upstreams' | 'routes' | 'strategy' | 'validate'>

/** Without who may ask, and how often. */
export function serversOf({ upstreams, routes, strategy, validate }: Servers): Servers {
  return {
    upstreams,
    ...(routes === undefined ? {} : { routes }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(validate === undefined ? {} : { validate }),
  }
}

type Asked = { readonly servers: Servers; readonly resolver: CachingResolver; readonly upstreams: UpstreamRoutes }

/** The servers that are asked, with what is known from them. */
export class AskedServers implements Disposable {
  readonly #options: Pick<ForwarderOptions, 'settings' | 'onUpstream'>
  readonly #limits: Limits
  readonly #timeouts: Timeouts
  readonly #counters: Counters
  readonly #stopping = new AbortController()
  readonly #leaving = new Map<UpstreamRoutes, NodeJS.Timeout>()
  #asked: Asked

  constructor(
    servers: Servers,
    options: Pick<ForwarderOptions, 'settings' | 'onUpstream'>,
    limits: Limits,
    timeouts: Timeouts,
    counters: Counters,
  ) {
    this.#options = options
    this.#limits = limits
    this.#timeouts = timeouts
    this.#counters = counters
    this.#asked = this.#begin(servers)
  }

  /** Another value once other servers are asked. */
  get generation(): unknown {
    return this.#asked
  }

  resolve(ask: Ask): Promise<Resolved> {
    return this.#asked.resolver.resolve(ask)
  }

  /**
   * Queries that come from now on go to these. What the others said is forgotten: inside and outside of a network one name
   * has different answers, and what was not checked does not count as checked.
   */
  change(servers: Servers): void {
    if (isDeepStrictEqual(servers, this.#asked.servers)) return
    const { upstreams } = this.#asked
    this.#asked = this.#begin(servers)
    // Queries on their way get their answers first.
    const close = (): void => {
      this.#leaving.delete(upstreams)
      upstreams.close()
    }
    this.#leaving.set(upstreams, setTimeout(close, this.#timeouts.totalMs))
  }

  [Symbol.dispose](): void {
    this.#stopping.abort()
    for (const [upstreams, timer] of this.#leaving) {
      clearTimeout(timer)
      upstreams.close()
    }
    this.#asked.upstreams.close()
  }

  #begin(servers: Servers): Asked {
    const { routes = [], strategy = 'order', validate } = servers
    const now = (): number => performance.now()
    const cache = new AnswerCache(this.#limits, this.#counters, now)
    const failures = new FailureCache(this.#limits.cacheEntries, this.#counters, now)
    const onUpstream: NonNullable<ForwarderOptions['onUpstream']> = (state) => {
      if (state.up) failures.clear()
      this.#options.onUpstream?.(state)
    }
    const counters = this.#counters
    const upstreams = new UpstreamRoutes(servers.upstreams, routes, strategy, this.#timeouts, counters, onUpstream)
    const plain: AskUpstreams = (ask, signal) => upstreams.resolve(ask, signal)
    const asking =
      validate === undefined
        ? plain
        : validatingUpstreams(plain, validate, (name) => upstreams.isRouted(name), counters, Date.now)
    const mayBeStale = (): boolean => (this.#options.settings?.() ?? DEFAULT_SETTINGS).stale
    const resolver = new CachingResolver(cache, failures, asking, counters, mayBeStale, this.#stopping.signal)
    return { servers, resolver, upstreams }
  }
}
