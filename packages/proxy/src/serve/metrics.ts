import { prometheusText, type Metric, type Sample } from '@sallyport/wire'
import { ANSWER_REASONS } from '../answers.ts'
import type { CounterName, ProxyCounts } from '../counters.ts'

const metric = (name: string, help: string, labels?: Readonly<Record<string, string>>): Metric => ({
  name: `sallyport_proxy_${name}`,
  help,
  ...(labels === undefined ? {} : { labels }),
})

const CONNECTIONS = 'Connections of clients, by what their first octet says.'
const REQUESTS = 'Requests and tunnels.'
const OUTCOMES = 'Requests and tunnels that were let through.'
const UPSTREAMS = 'Connections to servers.'
const PROCESSES = 'Requests of clients of this host, by whether the application behind them could be told.'
const SPARED = 'Tunnels that a rule asked to be decrypted, and that were not.'
const LOOK_UPS = 'Names that were looked up.'
const OCTETS = 'Octets of bodies and tunnels.'

/** Every counter as Prometheus has it; docs/reference/metrics.md lists the same, a test compares both. */
export const PROXY_METRICS: Readonly<Record<CounterName, Metric>> = {
  connectionsHttp: metric('connections_total', CONNECTIONS, { protocol: 'http' }),
  connectionsHttp2: metric('connections_total', CONNECTIONS, { protocol: 'http2' }),
  connectionsSocks: metric('connections_total', CONNECTIONS, { protocol: 'socks5' }),
  tlsFailures: metric('tls_failures_total', 'TLS connections of clients that were not made.'),
  processesKnown: metric('client_processes_total', PROCESSES, { result: 'known' }),
  processesUnknown: metric('client_processes_total', PROCESSES, { result: 'unknown' }),
  http2StreamsReset: metric('http2_streams_reset_total', 'Requests of HTTP/2 that clients gave up.'),
  http2Violations: metric(
    'http2_violations_total',
    'Connections of HTTP/2 that ended because a bound or a rule was broken.',
  ),
  requestsHttp: metric('requests_total', REQUESTS, { via: 'http' }),
  requestsConnect: metric('requests_total', REQUESTS, { via: 'connect' }),
  requestsSocks: metric('requests_total', REQUESTS, { via: 'socks5' }),
  requestsTunnelled: metric('requests_total', REQUESTS, { via: 'tunnel' }),
  allowed: metric('allowed_total', OUTCOMES, { mode: 'enforce' }),
  monitored: metric('allowed_total', OUTCOMES, { mode: 'monitor' }),
  bodiesScanned: metric('bodies_scanned_total', 'Bodies of requests that detectors looked into.'),
  messagesScanned: metric('messages_scanned_total', 'Messages of WebSockets that detectors looked into.'),
  icapAsked: metric('icap_asked_total', 'Requests and answers that a content service was asked about.'),
  icapChanged: metric('icap_changed_total', 'Requests and answers that a content service changed or answered.'),
  icapFailed: metric('icap_failed_total', 'Requests and answers that a content service could not be asked about.'),
  tunnelsInspected: metric('tunnels_inspected_total', 'Tunnels whose TLS ended here.'),
  tunnelsSpared: metric('tunnels_spared_total', SPARED, { by: 'list' }),
  tunnelsPinned: metric('tunnels_spared_total', SPARED, { by: 'pin' }),
  pinsLearned: metric(
    'pins_learned_total',
    'Hosts that are not decrypted for a client any more, as it refused our certificate.',
  ),
  tunnelsCutByPolicy: metric('tunnels_cut_total', 'Tunnels that ended before their ends did.', { reason: 'policy' }),
  tunnelsIdle: metric('tunnels_cut_total', 'Tunnels that ended before their ends did.', { reason: 'idle' }),
  tunnelsBulk: metric('tunnels_bulk_total', 'Tunnels whose octets the kernel moved by itself from then on.'),
  upstreamOpened: metric('upstream_connections_total', UPSTREAMS, { kind: 'new' }),
  upstreamReused: metric('upstream_connections_total', UPSTREAMS, { kind: 'reused' }),
  upstreamHttp2: metric('upstream_http2_total', 'Connections to servers that speak HTTP/2.'),
  resolved: metric('names_looked_up_total', LOOK_UPS, { from: 'resolver' }),
  resolvedFromCache: metric('names_looked_up_total', LOOK_UPS, { from: 'cache' }),
  octetsOut: metric('octets_total', OCTETS, { direction: 'out' }),
  octetsIn: metric('octets_total', OCTETS, { direction: 'in' }),
  defects: metric('defects_total', 'Connections that a defect of the proxy ended.'),
}

const REFUSED = metric('refused_total', 'Requests and tunnels that were refused or failed, by reason.')
const OPEN = metric('open', 'Connections of clients and tunnels that are open now.')

export function proxySamples({ totals, refusals, openConnections, openTunnels }: ProxyCounts): readonly Sample[] {
  return [
    ...(Object.entries(PROXY_METRICS) as [CounterName, Metric][]).map(([counter, one]) => ({
      metric: one,
      value: totals[counter],
    })),
    ...ANSWER_REASONS.map((reason) => ({ metric: { ...REFUSED, labels: { reason } }, value: refusals[reason] })),
    { metric: { ...OPEN, labels: { kind: 'connections' } }, value: openConnections, type: 'gauge' },
    { metric: { ...OPEN, labels: { kind: 'tunnels' } }, value: openTunnels, type: 'gauge' },
  ]
}

export function formatProxyMetrics(counts: ProxyCounts): string {
  return prometheusText(proxySamples(counts))
}

/** The counts of several workers as those of one proxy. */
export function addCounts(all: readonly ProxyCounts[]): ProxyCounts {
  const sum = <K extends string>(parts: readonly Readonly<Record<K, number>>[]): Record<K, number> => {
    const total = {} as Record<K, number>
    for (const part of parts) for (const key of Object.keys(part) as K[]) total[key] = (total[key] ?? 0) + part[key]
    return total
  }
  return {
    totals: sum(all.map(({ totals }) => totals)),
    refusals: sum(all.map(({ refusals }) => refusals)),
    openConnections: all.reduce((total, { openConnections }) => total + openConnections, 0),
    openTunnels: all.reduce((total, { openTunnels }) => total + openTunnels, 0),
  }
}
