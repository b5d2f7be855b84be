import { rmSync } from 'node:fs'
import { lookup, update } from '../bpf-map.ts'
import { closeConnection } from '../close-denied.ts'
import { readRing } from '../read-ring.ts'
import type { KeptRules } from '../kept-rules.ts'
import { parseSegment, type QueuedSegment } from '../queue/parse-segment.ts'
import { HandshakeQueue, type QueueAnswer } from './handshake-queue.ts'
import { DatagramRefuser } from './datagram-refuser.ts'
import { installRules, removeRules, type Question } from './held-rules.ts'
import { xtablesFamilies } from './xtables.ts'
import type { AllowedFlow } from '../gateway/charge-flow.ts'
import type { LimitName } from '../limits/rule-limit.ts'
import * as records from './records.ts'
import type { Awaited, Finding, FlowKey, Greeting, Ticket } from './records.ts'

export type HeldPacket = { readonly id: number; readonly key: FlowKey; readonly segment: QueuedSegment }

export type HandshakeCounters = {
  /** Packets that were handed up. */
  readonly packets: number
  /** Packets for which the queue had no room. */
  readonly lost: number
  /** Packets that were unreadable, or belonged to no socket that is known. */
  readonly strange: number
  /** How often somebody else had changed or removed the rules in netfilter that hand packets up. */
  readonly restored: number
}

/** Flows whose handshake the kernel awaits: their first packets, what is known of them, and the way to answer. */
export interface Handshakes<Flow extends Awaited> extends Disposable {
  read(onPacket: (packet: HeldPacket) => void, onGreeting: (greeting: Greeting) => void): void
  ticket(key: FlowKey): Flow | null
  finding(key: FlowKey): Finding | null
  /** To be told before any packet is released: a packet without a finding does not leave. */
  find(key: FlowKey, finding: Finding): void
  /** Counts a flow and what is held of it for a rule that has a limit: the limit that it runs into, or null. */
  charge(ids: readonly number[], allowed: AllowedFlow): LimitName | null
  release(ids: readonly number[]): void
  /** Nothing is told to anybody. */
  drop(ids: readonly number[]): void
  /** Both ends of a connection are told, the sender of a datagram. `segment.seq` is what its server awaits. */
  refuse(ids: readonly number[], segment: QueuedSegment): void
  counters(): HandshakeCounters
}

type Maps = Readonly<Record<'tickets' | 'findings' | 'origins' | 'greetings', number>>

export type HandshakeOptions = {
  /** Tells the rules of this enforcement from those of others: letters, digits and hyphens, at most 18. */
  readonly name: string
  /** The pinned program `held`. It is unpinned in the end when `keep` is not set. */
  readonly program: string
  readonly maps: Maps
  readonly keep: boolean
}

export interface HeldHandshakes extends Handshakes<Ticket> {
  /** To be told before another policy is in force: each packet is asked about for a while, since any flow may have to wait under it. */
  policyChanges(): void
}

/** Longer than a connection that carries much is silent. */
const CHANGE_MS = 3000

export function openHandshakes({ name, program, maps, keep }: HandshakeOptions): HeldHandshakes {
  const queue = new HandshakeQueue()
  using opened = new DisposableStack()
  opened.use(queue)
  const refuser = opened.use(new DatagramRefuser(xtablesFamilies().includes('ip6tables')))
  let question: Question = 'each-packet'
  const rules = installRules({ table: tableOf(name), program, queue: queue.number }, () => question)
  let settled: NodeJS.Timeout | undefined
  const put = (next: Question): void => {
    question = next
    rules.renew()
  }
  const policyChanges = (): void => {
    clearTimeout(settled)
    settled = setTimeout(() => put('where-it-may-wait'), CHANGE_MS).unref()
    if (question !== 'each-packet') put('each-packet')
  }
  opened.defer(() => {
    clearTimeout(settled)
    if (keep) return rules.leave()
    rules[Symbol.dispose]()
    rmSync(program, { force: true })
  })
  policyChanges()
  return new Opened(queue, refuser, rules, maps, policyChanges, opened.move())
}

/** What is left of the rules of an enforcement whose process was killed, in this network namespace. */
export function removeHandshakeRules(name: string): void {
  removeRules(tableOf(name))
}

function tableOf(name: string): string {
  return `SALLYPORT-${name}`
}

class Opened implements HeldHandshakes {
  readonly policyChanges: () => void
  readonly #queue: HandshakeQueue
  readonly #refuser: DatagramRefuser
  readonly #rules: KeptRules
  readonly #maps: Maps
  readonly #scope: DisposableStack
  #packets = 0
  #strangers = 0

  constructor(
    queue: HandshakeQueue,
    refuser: DatagramRefuser,
    rules: KeptRules,
    maps: Maps,
    policyChanges: () => void,
    scope: DisposableStack,
  ) {
    this.policyChanges = policyChanges
    this.#queue = queue
    this.#refuser = refuser
    this.#rules = rules
    this.#maps = maps
    this.#scope = scope
  }

  read(onPacket: (packet: HeldPacket) => void, onGreeting: (greeting: Greeting) => void): void {
    const greetings = readRing(this.#maps.greetings, records.GREETING_BYTES, (bytes) =>
      onGreeting(records.decodeGreeting(bytes)),
    )
    this.#scope.defer(greetings.stop)
    this.#queue.read((id, payload) => {
      this.#packets++
      const segment = parseSegment(payload)
      const key = segment === null ? null : this.#keyOf(segment)
      if (segment === null || key === null) {
        this.#strangers++
        return this.drop([id])
      }
      // What the server has said comes before what its client answers.
      greetings.consume()
      onPacket({ id, key, segment })
    })
  }

  ticket(key: FlowKey): Ticket | null {
    const bytes = lookup(this.#maps.tickets, records.keyBytes(key), records.TICKET_BYTES)
    return bytes === undefined ? null : records.decodeTicket(key, bytes)
  }

  finding(key: FlowKey): Finding | null {
    const bytes = lookup(this.#maps.findings, records.keyBytes(key), records.FINDING_BYTES)
    return bytes === undefined ? null : records.decodeFinding(bytes)
  }

  find(key: FlowKey, finding: Finding): void {
    update(this.#maps.findings, records.keyBytes(key), records.encodeFinding(finding))
  }

  /** What is let go comes by the program that counts. */
  charge(): null {
    return null
  }

  release(ids: readonly number[]): void {
    this.#queue.answer(ids.map((id): QueueAnswer => ({ id, verdict: 'accept', mark: null })))
  }

  drop(ids: readonly number[]): void {
    this.#queue.answer(ids.map((id): QueueAnswer => ({ id, verdict: 'drop', mark: null })))
  }

  refuse(ids: readonly number[], segment: QueuedSegment): void {
    this.drop(ids)
    if (segment.transport === 'tcp') closeConnection(segment)
    else this.#refuser.refuse(segment)
  }

  counters(): HandshakeCounters {
    const { restored } = this.#rules
    return { packets: this.#packets, lost: this.#queue.lost, strange: this.#strangers, restored }
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]()
  }

  #keyOf(segment: QueuedSegment): FlowKey | null {
    const origin = records.originBytes(segment)
    const cookie = lookup(this.#maps.origins, origin, 8)
    return cookie === undefined ? null : records.keyOfOrigin(cookie, origin)
  }
}
