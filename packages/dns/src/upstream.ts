import type { Counters } from './counters.ts'
import type { Exchange } from './exchange.ts'
import { exchangeTcp } from './exchange-tcp.ts'
import { exchangeUdp } from './exchange-udp.ts'
import { respell } from './letter-case.ts'
import type { Endpoint } from './options.ts'
import { outgoingQuery, type Ask } from './outgoing-query.ts'

/** One server and what has been learned about it. */
export class Upstream {
  readonly endpoint: Endpoint
  readonly #counters: Counters
  #keepsCase = true

  constructor(endpoint: Endpoint, counters: Counters) {
    this.endpoint = endpoint
    this.#counters = counters
  }

  /** Names in the answer that repeat the question are in lower case again. */
  async ask(ask: Ask, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    const query = outgoingQuery(ask, this.#keepsCase)
    let result = await exchangeUdp(query, this.endpoint, timeoutMs, signal, this.#counters)
    if (result.kind === 'respelled') this.#counters.add('upstreamCaseMismatches')
    if (result.kind === 'respelled' || (result.kind === 'answer' && result.message.header.truncated)) {
      // Nobody off the path can answer over TCP: another spelling there is the server's own habit.
      result = await exchangeTcp(query, this.endpoint, timeoutMs, signal, this.#counters)
      if (result.kind === 'respelled') {
        this.#keepsCase = false
        result = { kind: 'answer', message: result.message }
      }
    }
    if (result.kind === 'failed') {
      this.#counters.add(result.reason === 'timeout' ? 'upstreamTimeouts' : 'upstreamErrors')
      return result
    }
    const sent = query.message.questions[0]!.name
    return {
      kind: 'answer',
      message: respell(result.message, sent, outgoingQuery(ask, false).message.questions[0]!.name),
    }
  }
}
