import { bootNs } from '../boot-clock.ts'
import type { HandshakeCounters, Handshakes, HeldPacket } from '../handshakes/open-handshakes.ts'
import { mapped, type Awaited, type Finding, type FlowKey, type Greeting } from '../handshakes/records.ts'
import { parseSegment, type QueuedSegment } from '../queue/parse-segment.ts'
import type { LimitName } from '../limits/rule-limit.ts'
import type { AllowedFlow } from '../gateway/charge-flow.ts'
import { CountedFlows, type Allowances } from './counted-flows.ts'
import { endsOf, refusePacket, type NamespaceChannel } from './namespace-channel.ts'
import { GENERATIONS, type PacketAnswer } from './packet-facts.ts'
import { packetOfFlow } from './packet-flow.ts'

/** A flow whose handshake is awaited, with what its judge knew when it began. */
export type NamespaceTicket<Facts> = Awaited & { readonly facts: Facts }

type Held = { readonly key: FlowKey; readonly octets: number }

type Flow<Facts> = {
  /** Null when it was closed before anybody looked. */
  readonly socket: string | null
  readonly ticket: Omit<NamespaceTicket<Facts>, 'generation'>
  finding: Finding | null
  heardOctets: number
}

const MOST_FLOWS = 16_384
/** As much of a server is looked at; what it says then, to a client that is silent, comes in unasked. */
const HEARD_OCTETS = 32_768

/** What is known of flows whose first octets decide, and the packets of theirs that wait. The oldest flow is forgotten first. */
export class NamespaceHandshakes<Facts> implements Handshakes<NamespaceTicket<Facts>> {
  /** Those that are known, and are under a limit. */
  readonly counted: CountedFlows<Facts>
  readonly #flows = new Map<FlowKey, Flow<Facts>>()
  /** Of the flows that are judged. */
  readonly #held = new Map<number, Held>()
  #channel: NamespaceChannel | null = null
  #onPacket: (packet: HeldPacket) => void = ({ id }) => this.drop([id])
  #onGreeting: (greeting: Greeting) => void = () => {}
  #generation = 0
  #packets = 0
  #lost = 0
  #strange = 0

  /** `onOver`: a flow that was let through runs into a limit of its rule. */
  constructor(allowances: Allowances, onOver: (facts: Facts, limit: LimitName) => void) {
    this.counted = new CountedFlows(allowances, onOver)
  }

  attach(channel: NamespaceChannel): void {
    this.#channel = channel
    this.counted.attach(channel)
  }

  read(onPacket: (packet: HeldPacket) => void, onGreeting: (greeting: Greeting) => void): void {
    this.#onPacket = onPacket
    this.#onGreeting = onGreeting
  }

  /** Another policy is in force: every flow is asked about again, by what was found out. */
  renew(): void {
    this.#generation++
    this.#channel?.renew(this.#generation % GENERATIONS)
  }

  /** Whether a packet that the rules take for a flow's first belongs to one that is known. */
  knows(bytes: Uint8Array, socket: string | null): boolean {
    const segment = parseSegment(bytes)
    const key = packetOfFlow(bytes, bytes.length, 'client')?.key
    const flow = key === undefined ? undefined : this.#flows.get(key)
    if (segment === null || flow === undefined) return false
    // Without a SYN in between it is the same connection, for whatever reason it was forgotten in the kernel.
    if (segment.transport === 'tcp') return !segment.isSyn || segment.seq === flow.ticket.first
    return socket !== null && flow.socket === socket
  }

  /** From now on the octets of the packet's flow are looked at. */
  await(bytes: Uint8Array, socket: string | null, facts: Facts): void {
    const segment = parseSegment(bytes)
    const key = packetOfFlow(bytes, bytes.length, 'client')?.key
    if (segment === null || key === undefined) return
    const { transport, isSyn, seq, dst } = segment
    const first = transport === 'tcp' && isSyn ? { first: seq } : {}
    this.#flows.delete(key)
    this.#flows.set(key, {
      socket,
      ticket: { sinceNs: bootNs(), dst: mapped(dst), facts, ...first },
      finding: null,
      heardOctets: 0,
    })
    if (this.#flows.size > MOST_FLOWS) this.#flows.delete(this.#flows.keys().next().value!)
  }

  /** A packet of a flow that is known, or was. */
  fromClient(id: number, bytes: Uint8Array): void {
    this.#packets++
    const segment = parseSegment(bytes)
    const key = packetOfFlow(bytes, bytes.length, 'client')?.key
    if (segment === null || key === undefined) return this.#stranger(id)
    const isEmpty = segment.transport === 'tcp' && segment.payload.length === 0
    const isAwaited = this.#flows.get(key)?.finding === null
    if (isEmpty && isAwaited) return this.#answer(id, 'await')
    // Data in a SYN (RFC 7413) is sent again behind the handshake.
    if (segment.isSyn && isAwaited) return this.drop([id])
    this.#held.set(id, { key, octets: segment.payload.length })
    this.#onPacket({ id, key, segment })
  }

  fromServer(id: number, bytes: Uint8Array): void {
    this.#packets++
    const segment = parseSegment(bytes)
    const key = packetOfFlow(bytes, bytes.length, 'server')?.key
    const flow = key === undefined ? undefined : this.#flows.get(key)
    if (segment === null || key === undefined || flow === undefined) return this.#stranger(id)
    const { seq, payload } = segment
    this.#onGreeting({ key, seq, bytes: payload })
    flow.heardOctets += payload.length
    this.#answer(id, flow.heardOctets < HEARD_OCTETS ? 'pass' : 'deaf')
  }

  lost(count: number): void {
    this.#lost += count
  }

  ticket(key: FlowKey): NamespaceTicket<Facts> | null {
    const flow = this.#flows.get(key)
    return flow === undefined ? null : { ...flow.ticket, generation: this.#generation }
  }

  finding(key: FlowKey): Finding | null {
    return this.#flows.get(key)?.finding ?? null
  }

  find(key: FlowKey, finding: Finding): void {
    const flow = this.#flows.get(key)
    if (flow === undefined) return
    flow.finding = finding
    const { limitedRule: rule, mode } = finding
    if (rule !== null) this.counted.begin(key, { rule, isMonitored: mode === 'monitor', facts: flow.ticket.facts })
  }

  charge(ids: readonly number[], { rule, isKnown }: AllowedFlow): LimitName | null {
    const octets = ids.reduce((sum, id) => sum + (this.#held.get(id)?.octets ?? 0), 0)
    return this.counted.charge(rule, octets, isKnown)
  }

  release(ids: readonly number[]): void {
    for (const id of ids) {
      const held = this.#held.get(id)
      const rule = held === undefined ? null : (this.finding(held.key)?.limitedRule ?? null)
      this.#answer(id, rule === null ? 'allow' : 'count')
    }
  }

  drop(ids: readonly number[]): void {
    for (const id of ids) this.#answer(id, 'drop')
  }

  /** A packet of a flow that began before is the last of it, for both ends. */
  reject(id: number, bytes: Uint8Array): void {
    if (this.#channel !== null) refusePacket(this.#channel, id, bytes)
  }

  refuse(ids: readonly number[], segment: QueuedSegment): void {
    if (segment.transport === 'tcp') {
      this.drop(ids)
      return this.#channel?.close(endsOf(segment))
    }
    const [first, ...rest] = ids
    this.drop(rest)
    if (first !== undefined) this.#answer(first, 'reject')
  }

  counters(): HandshakeCounters {
    return { packets: this.#packets, lost: this.#lost, strange: this.#strange, restored: 0 }
  }

  [Symbol.dispose](): void {
    this.#flows.clear()
  }

  #stranger(id: number): void {
    this.#strange++
    this.drop([id])
  }

  #answer(id: number, answer: PacketAnswer): void {
    this.#held.delete(id)
    this.#channel?.answer(id, answer)
  }
}
