import {
  HandshakeInspection,
  handshakeFacts,
  type HandshakeFacts,
  type InspectionCounters,
  type InspectionLimits,
  type Known,
} from '@sallyport/inspect'
import {
  type Awaited,
  type Finding,
  type FlowKey,
  type Greeting,
  type HandshakeCounters,
  type Handshakes,
  type HeldPacket,
  type QueuedSegment,
  type RuleLimit,
  type Ticket,
} from '@sallyport/kernel'
import { parseDomainName } from '@sallyport/net'
import { protocolOf, type EnforcedVerdict } from '@sallyport/policy'
import { limitedRuleOf, overLimit } from '../run/rule-limits.ts'
import { recordingCiphers } from './handshake-ciphers.ts'

/** The policy as a guard asks it. */
export type HandshakePolicy<Flow extends Awaited> = {
  /** `null`: nobody knows, which denies. */
  readonly judge: (ticket: Flow, facts: HandshakeFacts) => EnforcedVerdict | null
  readonly limitsOf: (generation: number) => readonly RuleLimit[]
}

/** A flow whose handshake has decided. */
export type JudgedHandshake<Flow extends Awaited = Ticket> = {
  readonly generation: number
  readonly key: FlowKey
  readonly ticket: Flow
  readonly facts: HandshakeFacts
  /** `null`: nothing could be decided, which denies. */
  readonly verdict: EnforcedVerdict | null
}

type Options<Flow extends Awaited> = HandshakePolicy<Flow> & {
  readonly handshakes: Handshakes<Flow>
  readonly limits?: Partial<InspectionLimits>
  /** Every flow once, and again when a later policy decides it otherwise. */
  readonly onJudged: (judged: JudgedHandshake<Flow>) => void
}

const TICK_MS = 50
/** Of processes of this host: what their TCP bears to have unsent. */
export const OWN_LIMITS: Partial<InspectionLimits> = { segments: 1 }

export type InspectionStatus = InspectionCounters &
  HandshakeCounters & {
    readonly judged: number
    readonly denied: number
    /** Packets without a flow that the kernel knows; they were dropped. */
    readonly unknown: number
    readonly failed: number
  }

/** Judges what the kernel holds: packets go in, findings go to the kernel, packets are released or refused. */
export class HandshakeGuard<Flow extends Awaited> implements Disposable {
  readonly #options: Options<Flow>
  readonly #inspection: HandshakeInspection<FlowKey>
  /** The last packet of each flow that waits: whom to tell of a refusal. */
  readonly #waiting = new Map<FlowKey, QueuedSegment>()
  readonly #timer: NodeJS.Timeout
  readonly #counters = { judged: 0, denied: 0, unknown: 0, failed: 0 }

  constructor(options: Options<Flow>) {
    this.#options = options
    this.#inspection = new HandshakeInspection(recordingCiphers, options.limits)
    options.handshakes.read(
      (packet) => this.#packet(packet),
      (greeting) => this.#greeting(greeting),
    )
    this.#timer = setInterval(() => this.#expire(), TICK_MS).unref()
  }

  counters(): InspectionStatus {
    return { ...this.#inspection.counters(), ...this.#options.handshakes.counters(), ...this.#counters }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #packet({ id, key, segment }: HeldPacket): void {
    const { handshakes } = this.#options
    const ticket = handshakes.ticket(key)
    if (ticket === null) {
      this.#counters.unknown++
      return handshakes.drop([id])
    }
    const earlier = handshakes.finding(key)
    if (earlier !== null) return this.#again(id, key, segment, ticket, earlier)
    const { transport, seq, isSyn, payload } = segment
    const pushed = this.#inspection.push(
      key,
      { transport, direction: 'client', seq, isFirst: isSyn, bytes: payload, held: id, ...firstOf(ticket) },
      performance.now(),
    )
    if (pushed.state === 'dropped') return handshakes.drop([id])
    // Nothing has left: its server awaits the first octet.
    const ends = { ...segment, seq: ticket.first ?? seq, payload: new Uint8Array(0) }
    if (pushed.state === 'waits') this.#waiting.set(key, ends)
    else this.#known(pushed, ends)
  }

  /** A flow that was judged before: under this policy, and its packet was on the way; or under another. */
  #again(id: number, key: FlowKey, segment: QueuedSegment, ticket: Flow, earlier: Finding): void {
    if (earlier.generation === ticket.generation) return this.#late(id, segment, earlier)
    const facts = factsOf(earlier)
    this.#judge(key, ticket, facts, [id], segment, earlier)
  }

  /** Held before its flow was judged, and read after that: it counts for the limit too. */
  #late(id: number, segment: QueuedSegment, earlier: Finding): void {
    const { generation, limitedRule: rule, mode } = earlier
    const { handshakes } = this.#options
    const reached = rule === null ? null : handshakes.charge([id], { generation, rule, isKnown: true })
    if (reached !== null && mode === 'enforce') handshakes.drop([id])
    else this.#answer([id], segment, earlier)
  }

  #greeting({ key, seq, bytes }: Greeting): void {
    this.#inspection.push(key, { transport: 'tcp', direction: 'server', seq, bytes, held: null }, performance.now())
  }

  #expire(): void {
    for (const late of this.#inspection.expire(performance.now())) {
      const segment = this.#waiting.get(late.key)
      if (segment !== undefined) this.#known(late, segment)
    }
  }

  #known({ key, facts, held }: Known<FlowKey>, segment: QueuedSegment): void {
    this.#waiting.delete(key)
    const ticket = this.#options.handshakes.ticket(key)
    if (ticket !== null) return this.#judge(key, ticket, facts, held, segment, null)
    this.#counters.unknown++
    this.#options.handshakes.drop(held)
  }

  #judge(
    key: FlowKey,
    ticket: Flow,
    facts: HandshakeFacts,
    held: readonly number[],
    segment: QueuedSegment,
    earlier: Finding | null,
  ): void {
    const { generation } = ticket
    const judged = this.#verdict(ticket, facts)
    const rule = limitedRuleOf(this.#options.limitsOf(generation), judged)
    const reached =
      rule === null ? null : this.#options.handshakes.charge(held, { generation, rule, isKnown: earlier !== null })
    const verdict = judged !== null && reached !== null ? overLimit(judged, reached) : judged
    const finding = findingOf(generation, verdict, facts, reached === null ? rule : null)
    this.#options.handshakes.find(key, finding)
    this.#answer(held, segment, finding)
    this.#counters.judged++
    if (!passes(finding)) this.#counters.denied++
    if (earlier?.verdict !== finding.verdict || earlier.mode !== finding.mode)
      this.#options.onJudged({ generation, key, ticket, facts, verdict })
  }

  #verdict(ticket: Flow, facts: HandshakeFacts): EnforcedVerdict | null {
    try {
      return this.#options.judge(ticket, facts)
    } catch {
      this.#counters.failed++
      return null
    }
  }

  #answer(held: readonly number[], segment: QueuedSegment, finding: Finding): void {
    const { handshakes } = this.#options
    if (passes(finding)) return handshakes.release(held)
    return finding.how === 'drop' ? handshakes.drop(held) : handshakes.refuse(held, segment)
  }
}

function firstOf({ first }: Awaited): Pick<Awaited, 'first'> {
  return first === undefined ? {} : { first }
}

function passes({ verdict, mode }: Finding): boolean {
  return verdict === 'allow' || mode === 'monitor'
}

function findingOf(
  generation: number,
  verdict: EnforcedVerdict | null,
  facts: HandshakeFacts,
  limitedRule: number | null,
): Finding {
  const allowed = verdict?.verdict === 'allow'
  return {
    generation,
    verdict: allowed ? 'allow' : 'deny',
    // What is not certain now never will be: it is denied.
    mode: verdict === null || verdict.verdict === 'undetermined' ? 'enforce' : verdict.mode,
    how: verdict?.verdict === 'deny' ? verdict.how : 'reject',
    trusted: facts.problem === null,
    ech: facts.ech,
    protocol: facts.protocol,
    name: facts.domain ?? '',
    limitedRule,
  }
}

function factsOf({ protocol, name, trusted, ech }: Finding): HandshakeFacts {
  return {
    ...handshakeFacts(null),
    protocol: protocolOf(protocol),
    domain: parseDomainName(name),
    problem: trusted ? null : 'malformed-handshake',
    ech,
  }
}
