import type { HandshakeCrypto } from '@sallyport/wire'
import type { HandshakeFacts } from './handshake-facts.ts'
import { HeldFlow, UNTRUSTED } from './held-flow.ts'
import { DEFAULT_INSPECTION_LIMITS, type InspectionLimits } from './limits.ts'

/** One packet of a flow that is not determined yet. */
export type Segment = {
  readonly transport: 'tcp' | 'udp'
  readonly direction: 'client' | 'server'
  /** TCP: the number of the first octet of `bytes`; with `isFirst`, of a SYN, one more than its own. */
  readonly seq: number
  readonly isFirst?: boolean
  /** TCP, of a client whose octets are not this host's: their first number; null while it is not known. */
  readonly first?: number | null
  /** Payload. May be reused by the caller afterwards. */
  readonly bytes: Uint8Array
  /** The packet that waits for the verdict; null when it has gone on already. */
  readonly held: number | null
}

/** What the flow is, and the packets that waited for it, in the order in which they came. */
export type Known<K> = { readonly key: K; readonly facts: HandshakeFacts; readonly held: readonly number[] }

export type Pushed<K> =
  | { readonly state: 'waits' }
  | ({ readonly state: 'known' } & Known<K>)
  /** The packet says nothing that was not said, was read, or there is no room for it: it is to be dropped. */
  | { readonly state: 'dropped'; readonly why: Refusal }

type Refusal = 'repeated' | 'read' | 'flows' | 'packets'

export type InspectionCounters = Readonly<
  Record<'known' | 'expired' | 'silent' | 'repeated' | 'read' | 'flowsFull' | 'packetsFull', number>
>

/**
 * Finds out what flows are from their first packets, which wait meanwhile: what is released is what was looked at. A flow is
 * forgotten when it is known. The key is the caller's; equal keys are one flow.
 */
export class HandshakeInspection<K> {
  readonly #flows = new Map<K, HeldFlow>()
  readonly #limits: InspectionLimits
  readonly #ciphers: HandshakeCrypto | null
  readonly #counters = { known: 0, expired: 0, silent: 0, repeated: 0, read: 0, flowsFull: 0, packetsFull: 0 }

  constructor(ciphers: HandshakeCrypto | null, limits: Partial<InspectionLimits> = {}) {
    this.#ciphers = ciphers
    this.#limits = { ...DEFAULT_INSPECTION_LIMITS, ...limits }
  }

  get size(): number {
    return this.#flows.size
  }

  counters(): InspectionCounters {
    return { ...this.#counters }
  }

  push(key: K, segment: Segment, nowMs: number): Pushed<K> {
    const { transport, direction, seq, held, first } = segment
    const flow = this.#flows.get(key) ?? this.#open(key, transport, nowMs)
    if (flow === null) return this.#drop('flowsFull', 'flows')
    if (held !== null && flow.held.length >= this.#limits.packets) return this.#drop('packetsFull', 'packets')
    if (segment.isFirst === true) flow.begin(direction, seq)
    const isNumbered = transport !== 'tcp' || direction !== 'client' || first === undefined
    if (!isNumbered && (first === null || !flow.begins(first))) {
      if (held !== null) flow.held.push(held)
      return this.#knownAs(key, flow, UNTRUSTED)
    }
    if (segment.isFirst === true && segment.bytes.length === 0) return { state: 'waits' }
    const answer = flow.push(direction, seq, segment.bytes, nowMs)
    if (answer === 'repeated') return this.#drop('repeated', 'repeated')
    const isRead = answer === 'more' && transport === 'tcp' && flow.held.length >= this.#limits.segments
    if (held !== null && isRead) return this.#drop('read', 'read')
    if (held !== null) flow.held.push(held)
    return answer === 'more' ? { state: 'waits' } : this.#knownAs(key, flow, answer)
  }

  /** Flows whose time is over, with what they are likely to be. To be called several times a second. */
  expire(nowMs: number): readonly Known<K>[] {
    const { patienceMs, silenceMs } = this.#limits
    const late: Known<K>[] = []
    for (const [key, flow] of this.#flows) {
      const { clientSinceMs, sinceMs } = flow
      if (clientSinceMs === null && nowMs - sinceMs >= silenceMs) {
        this.#flows.delete(key)
        this.#counters.silent++
      }
      if (clientSinceMs === null || nowMs - clientSinceMs < patienceMs) continue
      this.#counters.expired++
      late.push(this.#end(key, flow, flow.finish()))
    }
    return late
  }

  /** What a flow that says no more is likely to be; null when nothing of it is being looked at. */
  finish(key: K): Known<K> | null {
    const flow = this.#flows.get(key)
    if (flow === undefined) return null
    this.#counters.known++
    return this.#end(key, flow, flow.finish())
  }

  #knownAs(key: K, flow: HeldFlow, facts: HandshakeFacts): Pushed<K> {
    this.#counters.known++
    return { state: 'known', ...this.#end(key, flow, facts) }
  }

  #open(key: K, transport: 'tcp' | 'udp', nowMs: number): HeldFlow | null {
    if (this.#flows.size >= this.#limits.flows) return null
    const flow = new HeldFlow(transport, nowMs, this.#limits, this.#ciphers)
    this.#flows.set(key, flow)
    return flow
  }

  #end(key: K, { held }: HeldFlow, facts: HandshakeFacts): Known<K> {
    this.#flows.delete(key)
    return { key, facts, held }
  }

  #drop(counter: keyof InspectionCounters, why: Refusal): Pushed<K> {
    this.#counters[counter]++
    return { state: 'dropped', why }
  }
}
