import { AnswerCache } from './answer-cache.ts'
import { QueryAnswerer } from './answer-query.ts'
import { CachingResolver } from './caching-resolver.ts'
import { Counters, type CounterValues } from './counters.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS } from './limits.ts'
import { listenPair } from './listen-pair.ts'
import type { Endpoint, ForwarderOptions } from './options.ts'
import { chooseUdp } from './choose-udp.ts'
import { QueryDesk } from './query-desk.ts'
import { Upstreams } from './upstreams.ts'

export type Forwarder = AsyncDisposable & {
  /** Where it listens, in the order of `listen`, with the ports taken. */
  readonly endpoints: readonly Endpoint[]
  counters(): CounterValues
  /** Takes no new queries; resolves when those in flight are answered, or after the time of the slowest. */
  drain(): Promise<void>
}

/** Listens on every endpoint, or on none and rejects. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const counters = new Counters()
  const stopping = new AbortController()
  const cache = new AnswerCache(limits, counters, () => performance.now())
  const upstreams = new Upstreams(options.upstreams, timeouts, counters)
  const resolver = new CachingResolver(cache, upstreams, stopping.signal)
  const answerer = new QueryAnswerer(options, resolver, counters, timeouts)
  const desk = new QueryDesk(answerer, limits, counters, options.onQuery)

  const listenDatagrams = chooseUdp(options, desk, counters)

  await using opened = new AsyncDisposableStack()
  const endpoints: Endpoint[] = []
  for (const endpoint of options.listen) {
    const pair = opened.use(await listenPair(endpoint, desk, limits, timeouts, counters, listenDatagrams))
    endpoints.push(pair.endpoint)
  }
  opened.defer(() => stopping.abort())
  const open = opened.move()
  return {
    endpoints,
    counters: () => counters.values(),
    drain: () => desk.drain(timeouts.totalMs),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
