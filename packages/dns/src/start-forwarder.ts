import { createSecureContext } from 'node:tls'
import { AnswerCache } from './cache/answer-cache.ts'
import { QueryAnswerer } from './answer-query.ts'
import { validatingUpstreams } from './validate/validating-upstreams.ts'
import { CachingResolver, type AskUpstreams } from './cache/caching-resolver.ts'
import { Counters, type CounterValues } from './counters.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS } from './limits.ts'
import { ClientGate } from './listen/client-gate.ts'
import { openListener, type OpenListener } from './listen/open-listener.ts'
import { DEFAULT_SETTINGS, type Certificate, type ForwarderOptions, type ListenEndpoint } from './options.ts'
import { chooseUdp } from './listen/choose-udp.ts'
import { QueryDesk } from './query-desk.ts'
import { TunnelGuard } from './tunnel-guard.ts'
import { UpstreamRoutes } from './upstream/upstream-routes.ts'

export type Forwarder = AsyncDisposable & {
  /** Where it listens, in the order of `listen`, with the ports taken. */
  readonly endpoints: readonly ListenEndpoint[]
  counters(): CounterValues
  /** Connections from now on see this certificate. Throws, and keeps the one in use, when it cannot be used. */
  renew(certificate: Certificate): void
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
  const { routes = [], strategy = 'order', onUpstream = () => {} } = options
  const upstreams = new UpstreamRoutes(options.upstreams, routes, strategy, timeouts, counters, onUpstream)
  const plain: AskUpstreams = (ask, signal) => upstreams.resolve(ask, signal)
  const asking =
    options.validate === undefined
      ? plain
      : validatingUpstreams(plain, options.validate, (name) => upstreams.isRouted(name), counters, Date.now)
  const mayBeStale = (): boolean => (options.settings?.() ?? DEFAULT_SETTINGS).stale
  const resolver = new CachingResolver(cache, asking, counters, mayBeStale, stopping.signal)
  const tunnels = new TunnelGuard(counters, options.onTunnel, () => performance.now())
  const answerer = new QueryAnswerer(options, resolver, tunnels, counters, timeouts)
  const gate = new ClientGate(options.clients ?? null, options.clientRate ?? null, () => performance.now())
  const desk = new QueryDesk(answerer, gate, limits, counters, options)

  const listenDatagrams = chooseUdp(options, desk, counters)

  await using opened = new AsyncDisposableStack()
  const listeners: OpenListener[] = []
  for (const endpoint of options.listen) {
    const certificate = options.certificate ?? null
    listeners.push(
      opened.use(await openListener(endpoint, certificate, desk, limits, timeouts, counters, listenDatagrams)),
    )
  }
  opened.defer(() => upstreams.close())
  opened.defer(() => stopping.abort())
  const open = opened.move()
  return {
    endpoints: listeners.map(({ endpoint }) => endpoint),
    counters: () => counters.values(),
    renew: (certificate) => {
      createSecureContext(certificate)
      for (const listener of listeners) listener.renew(certificate)
    },
    drain: () => desk.drain(timeouts.totalMs),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
