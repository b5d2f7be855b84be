import { prometheusText, type Metric } from '@sallyport/wire'
import type { CounterName, CounterValues } from '../counters.ts'

/** Every counter as Prometheus has it; docs/reference/metrics.md lists the same, a test compares both. */
export const METRICS: Readonly<Record<CounterName, Metric>> = {
  queriesUdp: { name: 'sallyport_dns_queries_total', labels: { transport: 'udp' }, help: 'Messages from clients.' },
  queriesTcp: { name: 'sallyport_dns_queries_total', labels: { transport: 'tcp' }, help: 'Messages from clients.' },
  queriesTls: { name: 'sallyport_dns_queries_total', labels: { transport: 'tls' }, help: 'Messages from clients.' },
  queriesHttps: { name: 'sallyport_dns_queries_total', labels: { transport: 'https' }, help: 'Messages from clients.' },
  answered: { name: 'sallyport_dns_responses_total', labels: { outcome: 'answered' }, help: 'Queries by outcome.' },
  refused: { name: 'sallyport_dns_responses_total', labels: { outcome: 'refused' }, help: 'Queries by outcome.' },
  failed: { name: 'sallyport_dns_responses_total', labels: { outcome: 'failed' }, help: 'Queries by outcome.' },
  invalid: { name: 'sallyport_dns_responses_total', labels: { outcome: 'invalid' }, help: 'Queries by outcome.' },
  addressesDropped: {
    name: 'sallyport_dns_answer_addresses_dropped_total',
    help: 'Addresses that the policy took out of answers.',
  },
  serviceTargetsForgotten: {
    name: 'sallyport_dns_service_targets_forgotten_total',
    help: 'Hosts of HTTPS and SVCB records, or names that led there, that made room for newer ones.',
  },
  judgeFailures: { name: 'sallyport_dns_judge_failures_total', help: 'Queries that the policy could not judge.' },
  bindFailures: { name: 'sallyport_dns_bind_failures_total', help: 'Answers whose addresses could not be bound.' },
  observerFailures: { name: 'sallyport_dns_log_failures_total', help: 'Queries that could not be logged.' },
  queriesDroppedInFlight: {
    name: 'sallyport_dns_queries_dropped_total',
    labels: { reason: 'in-flight' },
    help: 'Queries that got no answer.',
  },
  queriesDroppedSize: {
    name: 'sallyport_dns_queries_dropped_total',
    labels: { reason: 'size' },
    help: 'Queries that got no answer.',
  },
  tcpClientsDropped: {
    name: 'sallyport_dns_tcp_clients_closed_total',
    labels: { reason: 'too-many' },
    help: 'Client connections that were cut.',
  },
  tcpClientsIdle: {
    name: 'sallyport_dns_tcp_clients_closed_total',
    labels: { reason: 'idle' },
    help: 'Client connections that were cut.',
  },
  tlsHandshakeFailures: {
    name: 'sallyport_dns_tls_handshake_failures_total',
    help: 'TLS connections of clients that were not made.',
  },
  httpErrors: { name: 'sallyport_dns_http_errors_total', help: 'Requests over HTTPS that were no query.' },
  sendFailures: { name: 'sallyport_dns_send_failures_total', help: 'Answers that could not be sent.' },
  tunnelsTold: {
    name: 'sallyport_dns_tunnels_total',
    help: 'Clients and zones whose names were taken for a tunnel.',
  },
  tunnelQueriesFlagged: {
    name: 'sallyport_dns_tunnel_queries_total',
    labels: { action: 'flag' },
    help: 'Queries that belong to a tunnel.',
  },
  tunnelQueriesRefused: {
    name: 'sallyport_dns_tunnel_queries_total',
    labels: { action: 'refuse' },
    help: 'Queries that belong to a tunnel.',
  },
  tunnelZonesForgotten: {
    name: 'sallyport_dns_tunnel_zones_forgotten_total',
    help: 'Clients and zones that made room before it was clear what their names are.',
  },
  clientsRefused: { name: 'sallyport_dns_clients_refused_total', help: 'Queries of addresses that may not ask.' },
  queriesRateLimited: {
    name: 'sallyport_dns_queries_rate_limited_total',
    help: 'Queries of clients that ask too often.',
  },
  cacheHits: { name: 'sallyport_dns_cache_hits_total', help: 'Queries answered from the cache.' },
  cacheMisses: { name: 'sallyport_dns_cache_misses_total', help: 'Queries that the cache had no answer to.' },
  cacheStale: {
    name: 'sallyport_dns_cache_stale_total',
    help: 'Queries answered from the cache past the time of the answer.',
  },
  cacheFailures: {
    name: 'sallyport_dns_cache_failures_total',
    help: 'Queries that failed as the same one did a moment ago.',
  },
  cachePrefetches: {
    name: 'sallyport_dns_cache_prefetches_total',
    help: 'Answers asked for before their time was over.',
  },
  cacheEvictions: { name: 'sallyport_dns_cache_evictions_total', help: 'Answers that made room for newer ones.' },
  dnssecSecure: {
    name: 'sallyport_dns_validated_answers_total',
    labels: { state: 'secure' },
    help: 'Answers of upstreams by what their signatures say.',
  },
  dnssecInsecure: {
    name: 'sallyport_dns_validated_answers_total',
    labels: { state: 'insecure' },
    help: 'Answers of upstreams by what their signatures say.',
  },
  dnssecBogus: {
    name: 'sallyport_dns_validated_answers_total',
    labels: { state: 'bogus' },
    help: 'Answers of upstreams by what their signatures say.',
  },
  upstreamQueriesUdp: {
    name: 'sallyport_dns_upstream_queries_total',
    labels: { transport: 'udp' },
    help: 'Queries to upstreams.',
  },
  upstreamQueriesTcp: {
    name: 'sallyport_dns_upstream_queries_total',
    labels: { transport: 'tcp' },
    help: 'Queries to upstreams.',
  },
  upstreamQueriesTls: {
    name: 'sallyport_dns_upstream_queries_total',
    labels: { transport: 'tls' },
    help: 'Queries to upstreams.',
  },
  upstreamQueriesHttps: {
    name: 'sallyport_dns_upstream_queries_total',
    labels: { transport: 'https' },
    help: 'Queries to upstreams.',
  },
  upstreamConnections: {
    name: 'sallyport_dns_upstream_connections_total',
    help: 'Connections opened to upstreams.',
  },
  upstreamTimeouts: {
    name: 'sallyport_dns_upstream_failures_total',
    labels: { reason: 'timeout' },
    help: 'Exchanges with upstreams that failed.',
  },
  upstreamErrors: {
    name: 'sallyport_dns_upstream_failures_total',
    labels: { reason: 'network' },
    help: 'Exchanges with upstreams that failed.',
  },
  upstreamCertificateErrors: {
    name: 'sallyport_dns_upstream_failures_total',
    labels: { reason: 'certificate' },
    help: 'Exchanges with upstreams that failed.',
  },
  upstreamProtocolErrors: {
    name: 'sallyport_dns_upstream_failures_total',
    labels: { reason: 'protocol' },
    help: 'Exchanges with upstreams that failed.',
  },
  upstreamsDown: {
    name: 'sallyport_dns_upstream_down_total',
    help: 'Times that an upstream was given up for a while.',
  },
  upstreamBusy: {
    name: 'sallyport_dns_upstream_busy_total',
    help: 'Queries that found all connections to an upstream full.',
  },
  upstreamMalformed: {
    name: 'sallyport_dns_upstream_answers_ignored_total',
    labels: { reason: 'malformed' },
    help: 'Answers of upstreams that were not taken.',
  },
  upstreamMismatches: {
    name: 'sallyport_dns_upstream_answers_ignored_total',
    labels: { reason: 'mismatch' },
    help: 'Answers of upstreams that were not taken.',
  },
  upstreamCaseMismatches: {
    name: 'sallyport_dns_upstream_answers_ignored_total',
    labels: { reason: 'letter-case' },
    help: 'Answers of upstreams that were not taken.',
  },
  upstreamCookieMismatches: {
    name: 'sallyport_dns_upstream_answers_ignored_total',
    labels: { reason: 'cookie' },
    help: 'Answers of upstreams that were not taken.',
  },
}

export function formatMetrics(values: CounterValues): string {
  const metrics = Object.entries(METRICS) as [CounterName, Metric][]
  return prometheusText(metrics.map(([counter, metric]) => ({ metric, value: values[counter] })))
}
