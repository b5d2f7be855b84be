import type { FlowKey } from '../handshakes/records.ts'
import type { LimitName } from '../limits/rule-limit.ts'
import { refuseIncoming, refusePacket, type NamespaceChannel } from './namespace-channel.ts'
import { packetOfFlow } from './packet-flow.ts'

/** What rules with a limit have left, by their number. Each answers with the limit that is reached, or null. */
export type Allowances = {
  /** A flow that begins. */
  begin(rule: number): LimitName | null
  spend(rule: number, which: 'bytesIn' | 'bytesOut', octets: number): LimitName | null
}

/** A flow that a rule with a limit lets through. */
export type Counted<Facts> = { readonly rule: number; readonly isMonitored: boolean; readonly facts: Facts }

type Flow<Facts> = Counted<Facts> & { over: LimitName | null }

const MOST_FLOWS = 16_384

/** Flows whose packets are counted, each of them. The oldest is forgotten first, and its packets drop. */
export class CountedFlows<Facts> {
  readonly #flows = new Map<FlowKey, Flow<Facts>>()
  readonly #allowances: Allowances
  readonly #onOver: (facts: Facts, limit: LimitName) => void
  #channel: NamespaceChannel | null = null

  /** `onOver`: once, when a flow runs into a limit. */
  constructor(allowances: Allowances, onOver: (facts: Facts, limit: LimitName) => void) {
    this.#allowances = allowances
    this.#onOver = onOver
  }

  attach(channel: NamespaceChannel): void {
    this.#channel = channel
  }

  begin(key: FlowKey, counted: Counted<Facts>): void {
    this.#flows.delete(key)
    this.#flows.set(key, { ...counted, over: null })
    if (this.#flows.size > MOST_FLOWS) this.#flows.delete(this.#flows.keys().next().value!)
  }

  /** Of a flow that its first octets have decided, which are `octets`. */
  charge(rule: number, octets: number, isKnown: boolean): LimitName | null {
    const over = isKnown ? null : this.#allowances.begin(rule)
    return over ?? (octets === 0 ? null : this.#allowances.spend(rule, 'bytesOut', octets))
  }

  /** The first packet of a flow, which has decided. */
  first(id: number, bytes: Uint8Array, counted: Counted<Facts>): void {
    const packet = packetOfFlow(bytes, bytes.length, 'client')
    if (packet !== null) this.begin(packet.key, counted)
    this.#count(id, bytes, bytes.length, 'client', 'count')
  }

  /** A later one: `bytes` are the beginning of so many. */
  later(id: number, bytes: Uint8Array, length: number, from: 'client' | 'server'): void {
    this.#count(id, bytes, length, from, 'pass')
  }

  #count(id: number, bytes: Uint8Array, length: number, from: 'client' | 'server', passes: 'count' | 'pass'): void {
    const channel = this.#channel
    if (channel === null) return
    const packet = packetOfFlow(bytes, length, from)
    if (packet === null) return channel.answer(id, 'drop')
    const { key, octets, isTcp } = packet
    if (this.#fits(key, from === 'client' ? 'bytesOut' : 'bytesIn', octets, isTcp)) return channel.answer(id, passes)
    if (from === 'client') refusePacket(channel, id, bytes)
    else refuseIncoming(channel, id, bytes)
  }

  /** A connection that ran into a limit has ended; datagrams go on when there is room again. */
  #fits(key: FlowKey, which: 'bytesIn' | 'bytesOut', octets: number, isTcp: boolean): boolean {
    const flow = this.#flows.get(key)
    if (flow === undefined) return false
    const ended = isTcp ? flow.over : null
    const over = ended ?? (octets === 0 ? null : this.#allowances.spend(flow.rule, which, octets))
    if (over !== null && flow.over !== over) this.#onOver(flow.facts, over)
    flow.over = over
    return over === null || flow.isMonitored
  }
}
