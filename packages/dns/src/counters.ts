const NAMES = [
  'queriesUdp',
  'queriesTcp',
  'queriesTls',
  'queriesHttps',
  'answered',
  'refused',
  'failed',
  'invalid',
  'addressesDropped',
  /** Hosts that service records have led to, and names that lead there, which made room for newer ones. */
  'serviceTargetsForgotten',
  'judgeFailures',
  'bindFailures',
  'observerFailures',
  'queriesDroppedInFlight',
  'queriesDroppedSize',
  'tcpClientsDropped',
  'tcpClientsIdle',
  'tlsHandshakeFailures',
  /** Requests over HTTPS that were no query. */
  'httpErrors',
  'sendFailures',
  /** Clients and zones whose names were taken for a tunnel. */
  'tunnelsTold',
  'tunnelQueriesFlagged',
  'tunnelQueriesRefused',
  'tunnelZonesForgotten',
  'clientsRefused',
  'queriesRateLimited',
  'cacheHits',
  'cacheMisses',
  /** Answers past their time that were sent because nobody could be reached. */
  'cacheStale',
  /** Queries that failed as the same one did a moment ago. */
  'cacheFailures',
  'cachePrefetches',
  'cacheEvictions',
  'dnssecSecure',
  'dnssecInsecure',
  'dnssecBogus',
  'upstreamQueriesUdp',
  'upstreamQueriesTcp',
  'upstreamQueriesTls',
  'upstreamQueriesHttps',
  'upstreamConnections',
  'upstreamTimeouts',
  'upstreamErrors',
  'upstreamCertificateErrors',
  'upstreamProtocolErrors',
  /** Times that a server was given up for a while. */
  'upstreamsDown',
  /** Queries not sent because all connections were full. */
  'upstreamBusy',
  'upstreamMalformed',
  /** Answers with another id or question than was asked. */
  'upstreamMismatches',
  'upstreamCaseMismatches',
  'upstreamCookieMismatches',
] as const

export type CounterName = (typeof NAMES)[number]
export type CounterValues = { readonly [Name in CounterName]: number }

export class Counters {
  readonly #values = new Map<CounterName, number>(NAMES.map((name) => [name, 0]))

  add(name: CounterName): void {
    this.#values.set(name, this.#values.get(name)! + 1)
  }

  values(): CounterValues {
    return Object.fromEntries(this.#values) as CounterValues
  }
}
