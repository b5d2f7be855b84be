import type { TunnelSign } from '@sallyport/detect'
import { emptyResponse, typeName, type Message } from '@sallyport/wire'
import type { AskedServers } from './asked-servers.ts'
import type { DomainName } from '@sallyport/net'
import { checkQuery, type CheckedQuery } from './check-query.ts'
import type { Counters } from './counters.ts'
import { findWhoAsks } from './find-who-asks.ts'
import type { Timeouts } from './limits.ts'
import {
  DEFAULT_SETTINGS,
  type AnswerSettings,
  type Binding,
  type ClientTransport,
  type Endpoint,
  type ForwarderOptions,
  type NameQuery,
  type NameVerdict,
  type QueryRecord,
} from './options.ts'
import {
  answerResponse,
  failureResponse,
  refusalResponse,
  specialResponse,
  typeResponse,
  type Failure,
} from './responses.ts'
import { QueryJudge } from './query-judge.ts'
import { serviceOwner } from './service-owner.ts'
import { specialAnswer } from './special-names.ts'
import { judgedName } from './select-answer.ts'
import { settleAddresses, type Settled } from './settle-addresses.ts'
import type { ServiceTargets } from './service-targets.ts'
import type { TunnelGuard } from './tunnel-guard.ts'

export type Answered = {
  readonly response: Message
  /** What was bound before it may leave. */
  readonly bound: readonly Binding[]
  /** What the record of the query says beside time, client and transport. */
  readonly told: Omit<QueryRecord, 'time' | 'client' | 'transport' | 'durationMs' | 'rcode'>
}

export class QueryAnswerer {
  readonly #options: ForwarderOptions
  readonly #servers: AskedServers
  readonly #counters: Counters
  readonly #judge: QueryJudge
  readonly #targets: ServiceTargets
  readonly #tunnels: TunnelGuard

  constructor(
    options: ForwarderOptions,
    servers: AskedServers,
    tunnels: TunnelGuard,
    targets: ServiceTargets,
    counters: Counters,
    timeouts: Timeouts,
  ) {
    this.#tunnels = tunnels
    this.#options = options
    this.#servers = servers
    this.#counters = counters
    this.#targets = targets
    this.#judge = new QueryJudge(options.judge, targets, counters, timeouts)
  }

  async answer(message: Message, client: Endpoint, transport: ClientTransport): Promise<Answered> {
    const checked = checkQuery(message)
    if ('rcode' in checked) return unbound(emptyResponse(message, checked.rcode, null), NOTHING)
    const { type } = checked.question
    const query = { name: serviceOwner(judgedName(checked.question.name), type), type, client }
    return this.#settled(message, query) ?? (await this.#identified(message, checked, query, transport))
  }

  async #identified(
    message: Message,
    checked: CheckedQuery,
    query: NameQuery,
    transport: ClientTransport,
  ): Promise<Answered> {
    const told = askedOf(message, query)
    const identified = await findWhoAsks(this.#options.whoAsks, query, transport, this.#counters)
    if (identified === 'failed') return failed(message, 'judge', told)
    if ('refusal' in identified) return this.#refused(message, identified.refusal, told)
    return await this.#judged(message, checked, identified.query)
  }

  #refused(message: Message, verdict: NameVerdict, told: Answered['told']): Answered {
    const response = refusalResponse(message, this.#options.refusal, verdict, this.#settings())
    return unbound(response, { ...told, verdict, outcome: 'refused' })
  }

  /** What is decided without the policy. */
  #settled(message: Message, query: NameQuery): Answered | null {
    const { types, canaries } = this.#settings()
    const told = askedOf(message, query)
    const special = specialAnswer(query.name, canaries)
    if (special !== null) return unbound(specialResponse(message, special), { ...told, outcome: 'answered' })
    if (types === null || types.has(query.type)) return null
    const explain = `queries of type ${typeName(query.type)} are not answered`
    const verdict: NameVerdict = { verdict: 'deny', rule: null, explain, refusedFor: 'query-type' }
    return unbound(typeResponse(message, verdict), { ...told, verdict, outcome: 'refused' })
  }

  #settings(): AnswerSettings {
    return this.#options.settings?.() ?? DEFAULT_SETTINGS
  }

  /** Nothing leaves before the name is judged: the look-up itself can carry data out. */
  async #judged(message: Message, checked: CheckedQuery, query: NameQuery): Promise<Answered> {
    const { subject } = query
    const told = { ...askedOf(message, query), ...(subject === undefined ? {} : { subject }) }
    const judged = await this.#judge.judge(query)
    if (judged === null) return failed(message, 'judge', told)
    const { verdict, names } = judged
    if (names.length === 0) return this.#refused(message, verdict, told)
    const tunnel = this.#tunnels.look(query, this.#settings())
    if (tunnel !== null && this.#settings().tunnels === 'refuse') return this.#refuseTunnel(message, tunnel, told)
    return await this.#resolved(message, checked, query, names, { ...told, verdict, tunnel })
  }

  #refuseTunnel(message: Message, tunnel: TunnelSign, told: Answered['told']): Answered {
    const explain = `names below ${tunnel.zone} look like those of a tunnel`
    return this.#refused(message, { verdict: 'deny', rule: null, explain, refusedFor: 'tunnel' }, { ...told, tunnel })
  }

  async #resolved(
    message: Message,
    checked: CheckedQuery,
    query: NameQuery,
    names: readonly DomainName[],
    told: Answered['told'],
  ): Promise<Answered> {
    const { name, type } = checked.question
    const dnssecOk = checked.edns?.dnssecOk ?? false
    const found = await this.#servers.resolve({
      name,
      type,
      dnssecOk,
      checkingDisabled: message.header.checkingDisabled,
    })
    if (found.kind === 'failed') {
      const failure = found.reason === 'bogus' ? found.error : found.reason
      const response = failureResponse(message, failure, found.cached)
      return unbound(response, { ...told, cached: found.cached, outcome: 'failed' })
    }
    const { upstream, cached, stale } = found
    const settled = this.#settle(found.message, checked, query, names)
    if (settled === null) return failed(message, 'judge', { ...told, upstream, cached })
    const { chain, denied, bindings, records, targets } = settled
    const full = { ...told, upstream, cached, stale, chain, addresses: bindings.map((binding) => binding.address) }
    if (denied !== null) return this.#refused(message, denied, full)
    const response = answerResponse(message, found.message, records, found)
    if (!this.#bind(bindings)) return failed(message, 'bind', { ...full, addresses: [] })
    const { addressFloorSeconds } = this.#settings()
    for (const { target, seconds } of targets) {
      this.#targets.note(target, names, Math.max(seconds, addressFloorSeconds))
    }
    return { response, bound: bindings, told: { ...full, outcome: 'answered' } }
  }

  #bind(bindings: readonly Binding[]): boolean {
    try {
      if (bindings.length > 0) this.#options.bind?.(bindings)
      return true
    } catch {
      this.#counters.add('bindFailures')
      return false
    }
  }

  #settle(answer: Message, checked: CheckedQuery, query: NameQuery, names: readonly DomainName[]): Settled | null {
    try {
      return settleAddresses(answer, checked.question, query, names, this.#options, this.#counters)
    } catch {
      this.#counters.add('judgeFailures')
      return null
    }
  }
}

const NOTHING: Answered['told'] = {
  name: null,
  type: null,
  outcome: 'invalid',
  verdict: null,
  chain: [],
  addresses: [],
  cached: false,
  stale: false,
  upstream: null,
  tunnel: null,
}

/** The name as it was asked for, though it is judged by another. */
function askedOf({ questions }: Message, { name, type }: NameQuery): Answered['told'] {
  const asked = questions[0] === undefined ? name : judgedName(questions[0].name)
  return { ...NOTHING, name: asked, type, chain: [asked] }
}

function failed(message: Message, failure: Failure, told: Answered['told']): Answered {
  return unbound(failureResponse(message, failure), { ...told, outcome: 'failed' })
}

function unbound(response: Message, told: Answered['told']): Answered {
  return { response, bound: [], told }
}
