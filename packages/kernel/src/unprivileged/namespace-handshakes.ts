import { bootNs } from '../boot-clock.ts'
import type { HandshakeCounters, Handshakes, HeldPacket } from '../handshakes/open-handshakes.ts'
import { mapped, originBytes, type Awaited, type Finding, type FlowKey, type Greeting } from '../handshakes/records.ts'
import { parseSegment, type QueuedSegment } from '../queue/parse-segment.ts'
import type { PacketAnswer, PacketHeaders } from './packet-facts.ts'

/** A flow whose handshake is awaited, with what its judge knew when it began. */
export type NamespaceTicket<Facts> = Awaited & { readonly facts: Facts }

/** The way to the packets that wait in the namespace. */
export type NamespaceChannel = {
  readonly answer: (id: number, answer: PacketAnswer) => void
  readonly close: (connection: Omit<PacketHeaders, 'transport'>) => void
}

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
  readonly #flows = new Map<FlowKey, Flow<Facts>>()
  #channel: NamespaceChannel | null = null
  #onPacket: (packet: HeldPacket) => void = ({ id }) => this.drop([id])
  #onGreeting: (greeting: Greeting) => void = () => {}
  #packets = 0
  #lost = 0
  #strange = 0

  attach(channel: NamespaceChannel): void {
    this.#channel = channel
  }

  read(onPacket: (packet: HeldPacket) => void, onGreeting: (greeting: Greeting) => void): void {
    this.#onPacket = onPacket
    this.#onGreeting = onGreeting
  }

  /** Whether a packet that the rules take for a flow's first belongs to one that is known. */
  knows(bytes: Uint8Array, socket: string | null): boolean {
    const segment = parseSegment(bytes)
    const flow = segment === null ? undefined : this.#flows.get(keyOf(segment))
    if (segment === null || flow === undefined) return false
    // Without a SYN in between it is the same connection, for whatever reason it was forgotten in the kernel.
    if (segment.transport === 'tcp') return !segment.isSyn || segment.seq === flow.ticket.first
    return socket !== null && flow.socket === socket
  }

  /** From now on the octets of the packet's flow are looked at. */
  await(bytes: Uint8Array, socket: string | null, facts: Facts): void {
    const segment = parseSegment(bytes)
    if (segment === null) return
    const { transport, isSyn, seq, dst } = segment
    const first = transport === 'tcp' && isSyn ? { first: seq } : {}
    const key = keyOf(segment)
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
    if (segment === null) return this.#stranger(id)
    const key = keyOf(segment)
    const isEmpty = segment.transport === 'tcp' && segment.payload.length === 0
    const isAwaited = this.#flows.get(key)?.finding === null
    if (isEmpty && isAwaited) return this.#answer(id, 'await')
    // Data in a SYN (RFC 7413) is sent again behind the handshake.
    if (segment.isSyn && isAwaited) return this.drop([id])
    this.#onPacket({ id, key, segment })
  }

  fromServer(id: number, bytes: Uint8Array): void {
    this.#packets++
    const segment = parseSegment(bytes)
    if (segment === null) return this.#stranger(id)
    const { src, dst, srcPort, dstPort, seq, payload } = segment
    const key = keyOf({ ...segment, src: dst, dst: src, srcPort: dstPort, dstPort: srcPort })
    const flow = this.#flows.get(key)
    if (flow === undefined) return this.#stranger(id)
    this.#onGreeting({ key, seq, bytes: payload })
    flow.heardOctets += payload.length
    this.#answer(id, flow.heardOctets < HEARD_OCTETS ? 'heard' : 'deaf')
  }

  lost(count: number): void {
    this.#lost += count
  }

  ticket(key: FlowKey): NamespaceTicket<Facts> | null {
    const flow = this.#flows.get(key)
    return flow === undefined ? null : { ...flow.ticket, generation: 0 }
  }

  finding(key: FlowKey): Finding | null {
    return this.#flows.get(key)?.finding ?? null
  }

  find(key: FlowKey, finding: Finding): void {
    const flow = this.#flows.get(key)
    if (flow !== undefined) flow.finding = finding
  }

  charge(): null {
    return null
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.#answer(id, 'allow')
  }

  drop(ids: readonly number[]): void {
    for (const id of ids) this.#answer(id, 'drop')
  }

  refuse(ids: readonly number[], segment: QueuedSegment): void {
    if (segment.transport === 'tcp') {
      this.drop(ids)
      const { src, dst, srcPort, dstPort } = segment
      return this.#channel?.close({ src, dst, srcPort, dstPort })
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
    this.#channel?.answer(id, answer)
  }
}

/** Of the two ends of the flow, as its client names them. */
function keyOf(segment: QueuedSegment): FlowKey {
  return Buffer.from(originBytes(segment)).toString('latin1') as FlowKey
}
