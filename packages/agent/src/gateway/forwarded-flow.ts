import type { ClientFacts } from '@sallyport/compile'
import { hasLeft, placeFacts, type FlowRecord } from '@sallyport/flow'
import type { HandshakeFacts } from '@sallyport/inspect'
import { bootNs, type ForwardedEnd, type ForwardedEvent, type ForwardedTicket } from '@sallyport/kernel'
import { addressFromBytes, formatAddress, transportFromProtocolNumber } from '@sallyport/net'
import type { Policy, World } from '@sallyport/policy'
import { withHandshake } from '../inspect/handshake-events.ts'
import type { JudgedHandshake } from '../inspect/handshake-guard.ts'
import { mayBeSeen, type WatchedFlows } from '../inspect/watched-flows.ts'
import { withFirstOctets, type SeenRules } from '../inspect/with-first-octets.ts'
import { carriedBy, endOf, type BegunFlows } from '../run/begun-flows.ts'
import type { BoundNames } from '../run/bound-names.ts'
import { reasonWithoutRule, recordedVerdict } from '../run/flow-of-event.ts'
import { clientOf, type ClientTable } from './client-table.ts'
import { forwardedId } from './forwarded-id.ts'

type Options = {
  readonly policy: Policy
  readonly world: World
  readonly table: ClientTable
  readonly names: BoundNames
  readonly begun: BegunFlows
  readonly watched: WatchedFlows
  readonly rulesOf: (generation: number) => SeenRules
  readonly onFlow: (record: FlowRecord) => void
}

/** The kernel's decisions under one generation as flow records. */
export class ForwardedFlows {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  receive(event: ForwardedEvent): void {
    const record = this.#recordOf(event)
    const { watched, rulesOf } = this.#options
    const of = forwardedId({ ...event, timeNs: 0n })
    if (event.limit !== null) watched.tellFirst(of)
    if (!hasLeft(record) || event.kind !== 'judged' || !mayBeSeen(event)) return this.#begin(event, record)
    const id = forwardedId(event)
    const seen = (told: FlowRecord, facts: HandshakeFacts): FlowRecord =>
      withFirstOctets(told, facts, rulesOf(event.generation))
    watched.begin(id, { of, record: { ...record, id }, seen })
  }

  judged(handshake: JudgedHandshake<ForwardedTicket>): void {
    const event = eventOf(handshake)
    this.#begin(event, withHandshake(this.#recordOf(event), handshake))
  }

  ended(end: ForwardedEnd): void {
    const { begun, watched, onFlow } = this.#options
    const { flow } = end
    const carried = carriedBy(end)
    const id = forwardedId(flow)
    watched.end(id)
    onFlow(begun.end(id, carried) ?? endOf({ ...this.#recordOf(flow), id }, carried))
  }

  /** What is refused, or only said to be over its limit, has no end of its own. */
  #begin(event: ForwardedEvent, record: FlowRecord): void {
    const { begun, onFlow } = this.#options
    if (!hasLeft(record) || event.limit !== null) return onFlow(record)
    const told = { ...record, id: forwardedId(event) }
    begun.begin(told)
    onFlow(told)
  }

  #recordOf(event: ForwardedEvent): FlowRecord {
    const { policy, world, table, names } = this.#options
    const nowMs = Date.now()
    const dst = addressFromBytes(event.dst)
    const src = addressFromBytes(event.src)
    const without = event.kind === 'spoofed' ? 'spoofed-source' : reasonWithoutRule(event.verdict, dst)
    return {
      time: new Date(nowMs - Number((bootNs() - event.timeNs) / 1_000_000n)).toISOString(),
      ...recordedClient(clientOf(table, event.client)),
      app: null,
      unit: null,
      container: null,
      src: src === null ? null : formatAddress(src),
      dst: dst === null ? null : formatAddress(dst),
      port: event.port,
      transport: transportFromProtocolNumber(event.ipproto),
      domain: null,
      boundNames: dst === null ? [] : names.namesOf(dst),
      protocol: null,
      ...placeFacts(dst, world),
      verdict: recordedVerdict(event, event.ruleIndex, without, policy),
    }
  }
}

/** A flow that its handshake decided, as if the kernel had decided it by its first packet. */
function eventOf({ ticket, verdict }: JudgedHandshake<ForwardedTicket>): ForwardedEvent {
  const { toldNs, sinceNs: _since, resume: _resume, first: _first, ...known } = ticket
  return {
    ...known,
    timeNs: toldNs,
    ruleIndex: null,
    limit: null,
    serverAwaits: 0,
    clientAwaits: 0,
    kind: 'judged',
    verdict: verdict?.verdict ?? 'undetermined',
    mode: verdict?.mode ?? 'enforce',
  }
}

export function recordedClient({ device, tags, user, groups }: ClientFacts): Partial<FlowRecord> {
  return { device, tags, user, groups }
}
