const NAMES = [
  'queriesUdp',
  'queriesTcp',
  'answered',
  'refused',
  'failed',
  'invalid',
  'addressesDropped',
  'judgeFailures',
  'bindFailures',
  'observerFailures',
  'queriesDroppedInFlight',
  'queriesDroppedSize',
  'tcpClientsDropped',
  'tcpClientsIdle',
  'sendFailures',
  'cacheHits',
  'cacheEvictions',
  'upstreamQueriesUdp',
  'upstreamQueriesTcp',
  'upstreamTimeouts',
  'upstreamErrors',
  'upstreamMalformed',
  /** Answers with another id or question than was asked. */
  'upstreamMismatches',
  'upstreamCaseMismatches',
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
