import {
  buildWithin,
  cookieOf,
  ednsOf,
  emptyResponse,
  hasPadding,
  isWireFailure,
  paddedMessage,
  parseHeader,
  parseMessage,
  RCODE,
  withOption,
  type Cookie,
  type Message,
} from '@sallyport/wire'
import { performance } from 'node:perf_hooks'
import type { Answered, QueryAnswerer } from './answer-query.ts'
import type { Counters } from './counters.ts'
import type { Limits } from './limits.ts'
import type { ClientTransport, Endpoint, ForwarderOptions, QueryRecord } from './options.ts'
import type { Admission, ClientGate } from './listen/client-gate.ts'
import { ServerCookies } from './listen/server-cookie.ts'
import { malformedResponse, notAdmittedResponse } from './responses.ts'

const QUERIES = { udp: 'queriesUdp', tcp: 'queriesTcp', tls: 'queriesTls', https: 'queriesHttps' } as const

type Observers = Pick<ForwarderOptions, 'onQuery' | 'onNotable'>

function cookieIn(query: Message): Cookie | null {
  const edns = ednsOf(query)
  const cookie = edns === null || edns === 'bad' ? null : cookieOf(edns.options)
  return cookie === 'bad' ? null : cookie
}

/** RFC 8467 §4.1. */
const ANSWER_BLOCK = 468

/** RFC 7830 §4: an answer is padded when the query was. */
function paddedLike(query: Message, response: Message): Message {
  const edns = ednsOf(query)
  const wanted = edns !== null && edns !== 'bad' && hasPadding(edns.options)
  return wanted ? paddedMessage(response, ANSWER_BLOCK) : response
}

/**
 * Takes bytes from a listener and gives the bytes of the answer, or `null` when none is due. Never rejects. `tell` hears
 * what became of the query before its answer is there.
 */
export class QueryDesk {
  readonly #answerer: QueryAnswerer
  readonly gate: ClientGate
  readonly #cookies = new ServerCookies(() => Math.floor(Date.now() / 1000))
  readonly #limits: Limits
  readonly #counters: Counters
  readonly #observers: Observers
  #inFlight = 0
  #draining = false
  #slip = false
  #whenDrained: () => void = () => {}

  constructor(answerer: QueryAnswerer, gate: ClientGate, limits: Limits, counters: Counters, observers: Observers) {
    this.#answerer = answerer
    this.gate = gate
    this.#limits = limits
    this.#counters = counters
    this.#observers = observers
  }

  /** From now on no query is taken; resolves when none is in flight, at the latest after `mostMs`. */
  async drain(mostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#draining = true
    this.#whenDrained = resolve
    const late = setTimeout(resolve, mostMs)
    if (this.#inFlight === 0) resolve()
    await promise
    clearTimeout(late)
  }

  /** Whether no query is taken any more. */
  get isDraining(): boolean {
    return this.#draining
  }

  /** `admission` is given by a listener that has asked for it. */
  async take(
    bytes: Uint8Array,
    client: Endpoint,
    transport: ClientTransport,
    tell?: (answered: Answered) => void,
    admission: Admission = this.gate.admit(client.address),
  ): Promise<Uint8Array | null> {
    this.#counters.add(QUERIES[transport])
    const header = parseHeader(bytes)
    // An answer is never answered, lest two servers talk to each other for ever.
    if (isWireFailure(header) || header.response) {
      this.#counters.add('invalid')
      return null
    }
    if (bytes.length > this.#limits.queryBytes) {
      this.#counters.add('queriesDroppedSize')
      return null
    }
    if (this.#draining || this.#inFlight >= this.#limits.queriesInFlight) {
      this.#counters.add('queriesDroppedInFlight')
      return null
    }
    const message = parseMessage(bytes)
    if (isWireFailure(message)) {
      this.#counters.add('invalid')
      return buildWithin(malformedResponse(header), 512)
    }
    if (admission !== 'admitted') return this.#turnAway(message, client, transport, admission)
    this.#inFlight++
    try {
      return await this.#answer(message, client, transport, tell)
    } finally {
      this.#inFlight--
      if (this.#inFlight === 0) this.#whenDrained()
    }
  }

  async #answer(
    message: Message,
    client: Endpoint,
    transport: ClientTransport,
    tell?: (answered: Answered) => void,
  ): Promise<Uint8Array> {
    const start = performance.now()
    const time = new Date()
    const answered = await this.#answerer.answer(message, client, transport)
    const { response, told } = answered
    this.#counters.add(told.outcome)
    tell?.(answered)
    this.#report(told, { time, client, transport, rcode: response.header.rcode, durationMs: performance.now() - start })
    const cookie = cookieIn(message)
    const full = cookie === null ? response : withOption(response, this.#cookies.option(cookie, client.address))
    if (transport === 'udp') return buildWithin(full, this.#udpSize(message))
    return buildWithin(transport === 'tcp' ? full : paddedLike(message, full), 65535)
  }

  /**
   * An address that did not prove to be the sender's gets less than it sent: it may be that of a victim. Every other
   * query over the rate is told to come over TCP, so that a client whose address is forged is not shut out.
   */
  #turnAway(
    message: Message,
    client: Endpoint,
    transport: ClientTransport,
    why: Exclude<Admission, 'admitted'>,
  ): Uint8Array | null {
    this.#counters.add(why === 'too-fast' ? 'queriesRateLimited' : 'clientsRefused')
    const cookie = cookieIn(message)
    const proven = transport !== 'udp' || (cookie !== null && this.#cookies.isGood(cookie, client.address))
    if (why === 'not-a-client' || proven) return buildWithin(notAdmittedResponse(message, why), 512)
    this.#slip = !this.#slip
    if (this.#slip) return null
    const empty = emptyResponse(message, RCODE.NOERROR, null)
    return buildWithin({ ...empty, header: { ...empty.header, truncated: true } }, 512)
  }

  /** RFC 6891 §6.2.3: values under 512 mean 512. */
  #udpSize(query: Message): number {
    const edns = ednsOf(query)
    if (edns === null || edns === 'bad') return 512
    return Math.max(512, Math.min(edns.udpSize, this.#limits.udpAnswerBytes))
  }

  #report(told: Answered['told'], rest: Omit<QueryRecord, keyof Answered['told']>): void {
    try {
      const { onQuery, onNotable } = this.#observers
      onQuery?.({ ...told, ...rest })
      if (told.outcome === 'refused' || told.tunnel !== null) onNotable?.({ ...told, ...rest })
    } catch {
      this.#counters.add('observerFailures')
    }
  }
}
