import { RCODE, TYPE, type ExtendedError, type Message } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import type { Timeouts } from '../limits.ts'
import type { Endpoint, UpstreamState } from '../options.ts'
import type { Exchange, ExchangeFailure } from './exchange.ts'
import type { Ask } from './outgoing-query.ts'
import { Upstream } from './upstream.ts'
import type { UpstreamServer } from './upstream-server.ts'

export type Resolution =
  | { readonly kind: 'answer'; readonly message: Message; readonly upstream: Endpoint }
  | { readonly kind: 'failed'; readonly reason: ExchangeFailure }
  /** The answer's signatures do not hold. */
  | { readonly kind: 'failed'; readonly reason: 'bogus'; readonly error: ExtendedError }

/** `order`: the first server that is up, the next when it fails. `parallel`: several at once, the first answer counts. */
export type Strategy = 'order' | 'parallel'

const ROUNDS = 2
/** More would load every server with every query. */
const MOST_AT_ONCE = 3

/** Servers that know the same names. */
export class Upstreams {
  readonly #upstreams: readonly Upstream[]
  readonly #strategy: Strategy
  readonly #timeouts: Timeouts

  constructor(
    servers: readonly UpstreamServer[],
    strategy: Strategy,
    timeouts: Timeouts,
    counters: Counters,
    onState: (state: UpstreamState) => void,
  ) {
    this.#upstreams = servers.map((server) => new Upstream(server, counters, onState))
    this.#strategy = strategy
    this.#timeouts = timeouts
  }

  close(): void {
    for (const upstream of this.#upstreams) upstream.close()
  }

  async resolve(ask: Ask, signal: AbortSignal): Promise<Resolution> {
    const deadline = performance.now() + this.#timeouts.totalMs
    let outcome: Resolution = { kind: 'failed', reason: 'network' }
    for (let round = 0; round < ROUNDS; round++) {
      for (const wave of this.#waves()) {
        const left = deadline - performance.now()
        if (left <= 0 || signal.aborted) return outcome
        const found = await this.#askAll(wave, ask, left, signal)
        if (found.kind === 'answer' && settles(found.message)) return found
        if (outcome.kind === 'failed') outcome = found
      }
      // Each was asked, and one at least answered that it cannot: asking all again changes nothing.
      if (outcome.kind === 'answer') return outcome
    }
    return outcome
  }

  /** Who is asked together, one wave after the other. Servers that rest come last: better late than no answer. */
  #waves(): Upstream[][] {
    const now = performance.now()
    const up = this.#upstreams.filter((upstream) => upstream.mayBeAsked(now))
    const rest = this.#upstreams.filter((upstream) => !up.includes(upstream))
    const size = this.#strategy === 'parallel' ? MOST_AT_ONCE : 1
    return [...inGroups(up, size), ...inGroups(rest, size)]
  }

  async #askAll(wave: readonly Upstream[], ask: Ask, leftMs: number, signal: AbortSignal): Promise<Resolution> {
    const settled = new AbortController()
    // UDP and TCP may follow each other within one attempt; the deadline holds for both.
    const limit = AbortSignal.any([signal, settled.signal, AbortSignal.timeout(Math.ceil(leftMs))])
    const attemptMs = Math.min(this.#timeouts.attemptMs, leftMs)
    const first = Promise.withResolvers<Resolution>()
    let outcome: Resolution = { kind: 'failed', reason: 'network' }
    let running = wave.length
    for (const upstream of wave) {
      void upstream.ask(ask, attemptMs, limit).then((exchange) => {
        const found = resolutionOf(upstream, exchange)
        if (outcome.kind === 'failed') outcome = found
        running--
        if (found.kind === 'answer' && settles(found.message)) first.resolve(found)
        else if (running === 0) first.resolve(outcome)
      }, first.reject)
    }
    try {
      return await first.promise
    } finally {
      settled.abort()
    }
  }
}

function resolutionOf({ endpoint }: Upstream, exchange: Exchange): Resolution {
  return exchange.kind === 'failed' ? exchange : { kind: 'answer', message: exchange.message, upstream: endpoint }
}

function inGroups(upstreams: readonly Upstream[], size: number): Upstream[][] {
  const groups: Upstream[][] = []
  for (let at = 0; at < upstreams.length; at += size) groups.push(upstreams.slice(at, at + size))
  return groups
}

/** SERVFAIL, REFUSED and the like are one server's state; another one may know more. */
function settles(message: Message): boolean {
  const { rcode } = message.header
  return (rcode === RCODE.NOERROR && !isReferral(message)) || rcode === RCODE.NXDOMAIN
}

/** A server that does not look names up for others (lame, RFC 8499 §7) sends to those that know, instead of an answer. */
function isReferral({ header, answers, authorities }: Message): boolean {
  if (header.recursionAvailable || answers.length > 0) return false
  return authorities.some(({ type }) => type === TYPE.NS) && !authorities.some(({ type }) => type === TYPE.SOA)
}
