import type { Endpoint, ForwarderOptions } from '../options.ts'
import { startForwarder, type Forwarder } from '../start-forwarder.ts'
import { formatMetrics } from './metrics.ts'
import { queryLogLine } from './query-log.ts'
import { serveMetrics } from './serve-metrics.ts'
import { tunnelLogLine } from './tunnel-note.ts'

type ResolverSetup = Omit<ForwarderOptions, 'onQuery'> & {
  /** Where Prometheus fetches, `null` for nowhere. */
  readonly metrics: Endpoint | null
  /** What else Prometheus is told there. */
  readonly moreMetrics?: () => string
  /** Takes the lines of the query log, without line breaks. */
  readonly log: ((line: string) => void) | null
}

type ServedResolver = AsyncDisposable & {
  readonly endpoints: Forwarder['endpoints']
  readonly metrics: Endpoint | null
  renew: Forwarder['renew']
  change: Forwarder['change']
  /** Takes no new queries; resolves when those in flight are answered, or after the time of the slowest. */
  drain(): Promise<void>
}

/** The resolver as a service: listeners, query log, metrics. */
export async function serveResolver(setup: ResolverSetup): Promise<ServedResolver> {
  await using opened = new AsyncDisposableStack()
  const { log, metrics: metricsEndpoint, moreMetrics = () => '', ...options } = setup
  const forwarder = opened.use(
    await startForwarder({
      ...options,
      ...(log === null ? {} : { onQuery: (record) => log(queryLogLine(record)) }),
      onTunnel: (sign) => {
        log?.(tunnelLogLine(sign, new Date()))
        options.onTunnel?.(sign)
      },
    }),
  )
  const metrics =
    metricsEndpoint === null
      ? null
      : opened.use(await serveMetrics(metricsEndpoint, () => formatMetrics(forwarder.counters()) + moreMetrics()))
  const open = opened.move()
  return {
    endpoints: forwarder.endpoints,
    metrics: metrics?.endpoint ?? null,
    renew: (certificate) => forwarder.renew(certificate),
    change: (service) => forwarder.change(service),
    drain: () => forwarder.drain(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
