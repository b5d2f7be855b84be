import { createSecureContext } from 'node:tls'
import { AskedServers, serversOf, type Servers } from './asked-servers.ts'
import { QueryAnswerer } from './answer-query.ts'
import { Counters, type CounterValues } from './counters.ts'
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS } from './limits.ts'
import { ClientGate } from './listen/client-gate.ts'
import { openListener, type OpenListener } from './listen/open-listener.ts'
import type { Certificate, ForwarderOptions, ListenEndpoint } from './options.ts'
import { chooseUdp } from './listen/choose-udp.ts'
import { QueryDesk } from './query-desk.ts'
import { ServiceTargets } from './service-targets.ts'
import { TunnelGuard } from './tunnel-guard.ts'

export type Forwarder = AsyncDisposable & {
  /** Where it listens, in the order of `listen`, with the ports taken. */
  readonly endpoints: readonly ListenEndpoint[]
  counters(): CounterValues
  /** Connections from now on see this certificate. Throws, and keeps the one in use, when it cannot be used. */
  renew(certificate: Certificate): void
  /** From now on these servers are asked, and these clients served. */
  change(service: ForwarderService): void
  /** Takes no new queries; resolves when those in flight are answered, or after the time of the slowest. */
  drain(): Promise<void>
}

/** Whom the resolver asks, and whom it serves. */
export type ForwarderService = Servers & Pick<ForwarderOptions, 'clients' | 'clientRate'>

/** Listens on every endpoint, or on none and rejects. */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const counters = new Counters()
  const servers = new AskedServers(serversOf(options), options, limits, timeouts, counters)
  const tunnels = new TunnelGuard(counters, options.onTunnel, () => performance.now())
  const targets = new ServiceTargets(counters, () => performance.now())
  const answerer = new QueryAnswerer(options, servers, tunnels, targets, counters, timeouts)
  const gate = new ClientGate(options.clients ?? null, options.clientRate ?? null, () => performance.now())
  const desk = new QueryDesk(answerer, gate, limits, counters, options)

  const service = { desk, limits, timeouts, counters }
  const listenDatagrams = chooseUdp(forgetting(options, servers, targets), desk, counters)

  await using opened = new AsyncDisposableStack()
  const listeners: OpenListener[] = []
  for (const endpoint of options.listen) {
    const certificate = options.certificate ?? null
    listeners.push(opened.use(await openListener(endpoint, certificate, service, listenDatagrams)))
  }
  opened.use(servers)
  const open = opened.move()
  return {
    endpoints: listeners.map(({ endpoint }) => endpoint),
    counters: () => counters.values(),
    renew: (certificate) => {
      createSecureContext(certificate)
      for (const listener of listeners) listener.renew(certificate)
    },
    change: (service) => {
      servers.change(serversOf(service))
      gate.change(service.clients ?? null, service.clientRate ?? null)
    },
    drain: () => desk.drain(timeouts.totalMs),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/**
 * What the hot path has learned holds only for as long as the same servers are asked, and where addresses are bound, until
 * they are for another name too.
 */
function forgetting(options: ForwarderOptions, servers: AskedServers, targets: ServiceTargets): ForwarderOptions {
  const { nameSets, bind } = options
  if (nameSets === undefined) return options
  let known: readonly unknown[] = []
  const generation = (): unknown => {
    const now = [nameSets.generation(), servers.generation, bind === undefined ? null : targets.generation]
    if (!now.every((part, at) => part === known[at])) known = now
    return known
  }
  return { ...options, nameSets: { findWire: nameSets.findWire, generation } }
}
