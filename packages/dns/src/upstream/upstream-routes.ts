import type { DomainName } from '@sallyport/net'
import type { WireName } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import type { Timeouts } from '../limits.ts'
import type { UpstreamState } from '../options.ts'
import { judgedName } from '../select-answer.ts'
import type { Ask } from './outgoing-query.ts'
import type { UpstreamServer } from './upstream-server.ts'
import { Upstreams, type Resolution, type Strategy } from './upstreams.ts'

/** Servers for some names: each of `domains` and all below it. */
export type UpstreamRoute = {
  readonly domains: readonly DomainName[]
  readonly servers: readonly UpstreamServer[]
}

/**
 * Which servers are asked for a name: those of the longest domain that covers it, and no others. When they fail the query
 * fails: a name of the inside must not be told to servers outside.
 */
export class UpstreamRoutes {
  readonly #fallback: Upstreams
  readonly #byDomain = new Map<string, Upstreams>()
  readonly #all: readonly Upstreams[]

  constructor(
    servers: readonly UpstreamServer[],
    routes: readonly UpstreamRoute[],
    strategy: Strategy,
    timeouts: Timeouts,
    counters: Counters,
    onState: (state: UpstreamState) => void,
  ) {
    const group = (of: readonly UpstreamServer[]): Upstreams => new Upstreams(of, strategy, timeouts, counters, onState)
    this.#fallback = group(servers)
    const routed = routes.map(({ domains, servers: own }) => {
      const upstreams = group(own)
      for (const domain of domains) this.#byDomain.set(domain, upstreams)
      return upstreams
    })
    this.#all = [this.#fallback, ...routed]
  }

  resolve(ask: Ask, signal: AbortSignal): Promise<Resolution> {
    return this.#serversFor(judgedName(ask.name)).resolve(ask, signal)
  }

  /** Whether the name belongs to a domain with servers of its own. */
  isRouted(name: WireName): boolean {
    return this.#serversFor(judgedName(name)) !== this.#fallback
  }

  close(): void {
    for (const upstreams of this.#all) upstreams.close()
  }

  #serversFor(name: string): Upstreams {
    for (let tail = name; ;) {
      const found = this.#byDomain.get(tail)
      if (found !== undefined) return found
      const dot = tail.indexOf('.')
      if (dot < 0) return this.#fallback
      tail = tail.slice(dot + 1)
    }
  }
}
