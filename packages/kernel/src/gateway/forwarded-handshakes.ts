import { lookup, update } from '../bpf-map.ts'
import { HandshakeQueue, type QueueAnswer } from '../handshakes/handshake-queue.ts'
import type { HandshakeCounters, Handshakes, HeldPacket } from '../handshakes/open-handshakes.ts'
import {
  decodeFinding,
  encodeFinding,
  FINDING_BYTES,
  keyBytes,
  type Finding,
  type FlowKey,
  type Greeting,
} from '../handshakes/records.ts'
import type { KeptRules } from '../kept-rules.ts'
import { parseSegment, type QueuedSegment } from '../queue/parse-segment.ts'
import { resetPacket } from '../queue/reset-packet.ts'
import { RawSocket } from '../raw-socket.ts'
import { readRing } from '../read-ring.ts'
import {
  decodeForwardedGreeting,
  decodePassage,
  FORWARDED_GREETING_BYTES,
  PASSAGE_BYTES,
  wayOf,
  type ForwardedTicket,
} from './forwarded-records.ts'
import type { LimitName } from '../limits/rule-limit.ts'
import { chargeFlow, type AllowedFlow } from './charge-flow.ts'
import { MARK, marked } from './gateway-marks.ts'
import { holdForwards } from './held-forwards.ts'

type Options = {
  readonly lan: string
  readonly index: number
  readonly maps: Readonly<Record<'ways' | 'findings' | 'greetings' | 'charged', number>>
  /** The program of that name. */
  readonly charge: number
}

type Held = { readonly mark: number; readonly octets: number }

/** Flows through the gateway that wait for their handshake. */
export function openForwardedHandshakes({ lan, index, maps, charge }: Options): Handshakes<ForwardedTicket> {
  using opened = new DisposableStack()
  const queue = opened.use(new HandshakeQueue())
  const resets = { 4: opened.use(new RawSocket(4, MARK.pass)), 16: opened.use(new RawSocket(6, MARK.pass)) }
  const rules = opened.use(holdForwards({ lan, index, queue: queue.number }))
  return new ForwardedHandshakes(queue, rules, resets, maps, charge, opened.move())
}

class ForwardedHandshakes implements Handshakes<ForwardedTicket> {
  readonly #queue: HandshakeQueue
  readonly #rules: KeptRules
  readonly #resets: Readonly<Record<4 | 16, RawSocket>>
  readonly #maps: Options['maps']
  readonly #charge: number
  readonly #scope: DisposableStack
  /** The packets that wait: a verdict says the mark anew. */
  readonly #held = new Map<number, Held>()
  #packets = 0
  #strangers = 0

  constructor(
    queue: HandshakeQueue,
    rules: KeptRules,
    resets: Readonly<Record<4 | 16, RawSocket>>,
    maps: Options['maps'],
    charge: number,
    scope: DisposableStack,
  ) {
    this.#queue = queue
    this.#rules = rules
    this.#resets = resets
    this.#maps = maps
    this.#charge = charge
    this.#scope = scope
  }

  read(onPacket: (packet: HeldPacket) => void, onGreeting: (greeting: Greeting) => void): void {
    const greetings = readRing(this.#maps.greetings, FORWARDED_GREETING_BYTES, (bytes) =>
      onGreeting(decodeForwardedGreeting(bytes)),
    )
    this.#scope.defer(greetings.stop)
    this.#queue.read((id, payload, mark) => {
      this.#packets++
      const segment = parseSegment(payload)
      this.#held.set(id, { mark, octets: segment?.payload.length ?? 0 })
      if (segment === null) {
        this.#strangers++
        return this.drop([id])
      }
      // What the server has said comes before what its client answers.
      greetings.consume()
      onPacket({ id, key: wayOf(segment), segment })
    })
  }

  ticket(key: FlowKey): ForwardedTicket | null {
    const bytes = lookup(this.#maps.ways, keyBytes(key), PASSAGE_BYTES)
    return bytes === undefined ? null : decodePassage(key, bytes)
  }

  finding(key: FlowKey): Finding | null {
    const bytes = lookup(this.#maps.findings, keyBytes(key), FINDING_BYTES)
    return bytes === undefined ? null : decodeFinding(bytes)
  }

  find(key: FlowKey, finding: Finding): void {
    update(this.#maps.findings, keyBytes(key), encodeFinding(finding))
  }

  charge(ids: readonly number[], allowed: AllowedFlow): LimitName | null {
    const octets = ids.reduce((sum, id) => sum + (this.#held.get(id)?.octets ?? 0), 0)
    return chargeFlow(this.#charge, this.#maps.charged, { ...allowed, octets })
  }

  release(ids: readonly number[]): void {
    this.#answer(ids, 'pass')
  }

  drop(ids: readonly number[]): void {
    for (const id of ids) this.#held.delete(id)
    this.#queue.answer(ids.map((id): QueueAnswer => ({ id, verdict: 'drop', mark: null })))
  }

  refuse(ids: readonly number[], segment: QueuedSegment): void {
    const [first, ...rest] = ids
    this.drop(rest)
    // The gateway's own table answers the client.
    if (first !== undefined) this.#answer([first], 'refuse')
    if (segment.transport === 'tcp') this.#resets[segment.src.length as 4 | 16].send(resetPacket(segment), segment.dst)
  }

  counters(): HandshakeCounters {
    const { restored } = this.#rules
    return { packets: this.#packets, lost: this.#queue.lost, strange: this.#strangers, restored }
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]()
  }

  #answer(ids: readonly number[], as: 'pass' | 'refuse'): void {
    this.#queue.answer(
      ids.map((id): QueueAnswer => {
        const mark = marked(this.#held.get(id)?.mark ?? 0, as)
        this.#held.delete(id)
        return { id, verdict: 'accept', mark }
      }),
    )
  }
}
