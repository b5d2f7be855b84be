import type { Message } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import { respell } from '../letter-case.ts'
import type { Endpoint, UpstreamState } from '../options.ts'
import type { Exchange, ExchangeFailure } from './exchange.ts'
import { exchangeUdp } from './exchange-udp.ts'
import { HttpsUpstream } from './https-upstream.ts'
import { outgoingQuery, PLAIN, type Ask, type OutgoingQuery } from './outgoing-query.ts'
import { ServerHealth } from './server-health.ts'
import { StreamPool } from './stream-pool.ts'
import { UpstreamCookie } from './upstream-cookie.ts'
import { upstreamName, type UpstreamServer } from './upstream-server.ts'

/** One server and what has been learned about it. */
export class Upstream {
  readonly endpoint: Endpoint
  readonly #server: UpstreamServer
  readonly #counters: Counters
  readonly #onState: (state: UpstreamState) => void
  readonly #health = new ServerHealth()
  readonly #cookie = new UpstreamCookie()
  readonly #streams: StreamPool
  readonly #https: HttpsUpstream
  #keepsCase = true

  constructor(server: UpstreamServer, counters: Counters, onState: (state: UpstreamState) => void) {
    this.endpoint = { address: server.address, port: server.port }
    this.#server = server
    this.#counters = counters
    this.#onState = onState
    this.#streams = new StreamPool(server, server.kind === 'tls', counters)
    this.#https = new HttpsUpstream(server, counters)
  }

  mayBeAsked(nowMs: number): boolean {
    return this.#health.mayBeAsked(nowMs)
  }

  close(): void {
    this.#streams.close()
    this.#https.close()
  }

  /** Names in the answer that repeat the question are in lower case again. */
  async ask(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    const result = await this.#exchange(ask, timeoutMs, signal)
    // Given up by us: another server was faster, or the resolver stops.
    if (result.kind === 'failed' && signal.aborted && result.reason !== 'timeout') return result
    if (result.kind === 'failed') this.#failed(result.reason)
    else if (this.#health.answered()) this.#onState({ server: upstreamName(this.#server), up: true, reason: null })
    return result
  }

  #failed(reason: ExchangeFailure): void {
    this.#counters.add(FAILURE_COUNTER[reason])
    // A server with too much to do is not helped by asking it again in a second.
    if (reason === 'busy') return
    if (!this.#health.failed(performance.now())) return
    this.#counters.add('upstreamsDown')
    this.#onState({ server: upstreamName(this.#server), up: false, reason })
  }

  async #exchange(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    switch (this.#server.kind ?? 'udp') {
      case 'udp':
        return await this.#askUdp(ask, timeoutMs, signal)
      case 'tcp':
        return proven(await this.#streams.exchange(() => outgoingQuery(ask, PLAIN), timeoutMs, signal))
      case 'tls':
        return proven(
          await this.#streams.exchange(() => outgoingQuery(ask, { ...PLAIN, padded: true }), timeoutMs, signal),
        )
      case 'https':
        // RFC 8484 §4.1: id 0, so that caches on the way see equal questions as equal.
        return proven(
          await this.#https.exchange(() => outgoingQuery(ask, { ...PLAIN, padded: true, id: 0 }), timeoutMs, signal),
        )
    }
  }

  async #askUdp(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    const make = (): OutgoingQuery =>
      outgoingQuery(ask, { mixedCase: this.#keepsCase, padded: false, options: this.#cookie.options() })
    const check = (answer: Message): ReturnType<UpstreamCookie['check']> => this.#cookie.check(answer)
    const query = make()
    const first = await exchangeUdp(query, this.endpoint, timeoutMs, signal, this.#counters, check)
    if (first.kind === 'failed') return first
    if (first.kind === 'answer' && !first.message.header.truncated) return this.#lowered(ask, query, first.message)
    if (first.kind === 'unproven') {
      this.#counters.add(first.lacks === 'case' ? 'upstreamCaseMismatches' : 'upstreamCookieMismatches')
    }
    let again = query
    // Nobody off the path can answer over TCP: another spelling there is the server's own habit.
    const second = await this.#streams.exchange(() => (again = make()), timeoutMs, signal)
    if (second.kind === 'failed') return second
    if (second.kind === 'unproven') this.#keepsCase = false
    if (check(second.message) === 'missing') this.#cookie.forget()
    return this.#lowered(ask, again, second.message)
  }

  #lowered(ask: Ask, sent: OutgoingQuery, message: Message): Exchange {
    const lower = outgoingQuery(ask, PLAIN).message.questions[0]!.name
    return { kind: 'answer', message: respell(message, sent.message.questions[0]!.name, lower) }
  }
}

/** What proves an answer over UDP is not needed where a connection does. */
function proven(result: Exchange): Exchange {
  return result.kind === 'unproven' ? { kind: 'answer', message: result.message } : result
}

const FAILURE_COUNTER = {
  timeout: 'upstreamTimeouts',
  network: 'upstreamErrors',
  certificate: 'upstreamCertificateErrors',
  protocol: 'upstreamProtocolErrors',
  busy: 'upstreamErrors',
} as const satisfies { readonly [Reason in ExchangeFailure]: string }
