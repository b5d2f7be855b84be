import { isAwaited, type CompiledPolicy } from '@sallyport/compile'
import { placeFacts, type FlowRecord } from '@sallyport/flow'
import type { HandshakeFacts } from '@sallyport/inspect'
import type {
  Allowances,
  AwaitsHandshake,
  CountsOctets,
  LimitName,
  PacketFacts,
  PacketVerdict,
  RuleLimit,
} from '@sallyport/kernel'
import { addressFromBytes, formatAddress, transportFromProtocolNumber } from '@sallyport/net'
import { flowFacts, type Flow, type EnforcedVerdict, type World } from '@sallyport/policy'
import type { FileHashes } from '../host/file-hashes.ts'
import type { User } from '../host/users.ts'
import { judgeHandshake } from '../inspect/judge-handshake.ts'
import type { BoundNames } from './bound-names.ts'
import { limitedRuleOf, overLimit } from './rule-limits.ts'

type Options = {
  readonly compiled: CompiledPolicy
  readonly world: World
  readonly names: BoundNames
  readonly limits: readonly RuleLimit[]
  readonly allowances: Allowances
  readonly user: User | null
  /** Only when the policy asks for the contents of applications. */
  readonly hashes: FileHashes | null
  readonly onFlow: (record: FlowRecord) => void
}

const MOST_FLOWS = 16_384
const TCP = 6

/** What was known of a flow when its first packet came. */
export type BegunFlow = { readonly flow: Flow; readonly packet: PacketFacts }

type Decided = { readonly socket: string | null; readonly syn: number | null; readonly how: string }

/** Decides first packets with what /proc tells of their sender: the kernel's walk in TypeScript. */
export class PacketJudge {
  readonly #options: Options
  /** Flows that were decided at once, and how: they are asked about again when another policy is in force. */
  readonly #decided = new Map<string, Decided>()
  readonly #judged = new WeakMap<BegunFlow, { readonly record: FlowRecord; readonly verdict: EnforcedVerdict }>()

  constructor(options: Options) {
    this.#options = options
  }

  async decide(packet: PacketFacts): Promise<PacketVerdict | AwaitsHandshake<BegunFlow> | CountsOctets<BegunFlow>> {
    const { compiled } = this.#options
    const flow = await this.#flowOf(packet)
    const hasHandshake = flow.transport === 'tcp' || flow.transport === 'udp'
    if (hasHandshake && isAwaited(compiled.at(flow.time ?? 0), flow)) return { awaits: { flow, packet } }
    const alone: Flow = { ...flow, domain: null, protocol: null }
    const permitted = compiled.decide({ ...alone, http: null, content: null })
    const isKnown = this.#isTold(packet, permitted)
    const rule = limitedRuleOf(this.#options.limits, permitted)
    const reached = rule === null || isKnown ? null : this.#options.allowances.begin(rule)
    const verdict = reached === null ? permitted : overLimit(permitted, reached)
    const isTold = this.#isTold(packet, verdict)
    this.#remember(packet, verdict)
    const record = this.#record(alone, packet, verdict)
    if (!isTold) this.#options.onFlow(record)
    if (rule !== null && reached === null) {
      const facts = { flow: alone, packet }
      this.#judged.set(facts, { record, verdict })
      return { counts: { rule, isMonitored: verdict.mode === 'monitor', facts } }
    }
    if (verdict.verdict === 'allow' || verdict.mode === 'monitor') return 'allow'
    return verdict.verdict === 'deny' && verdict.how === 'drop' ? 'drop' : 'reject'
  }

  /** A flow whose handshake was awaited. */
  judge({ flow }: BegunFlow, facts: HandshakeFacts): EnforcedVerdict {
    const { compiled } = this.#options
    const nowMs = Date.now()
    return judgeHandshake((told) => compiled.decide({ ...flow, ...told, time: nowMs }), facts, flow.boundNames ?? [])
  }

  /** `null`: nothing could be decided, which denies. */
  judged(begun: BegunFlow, { protocol, domain }: HandshakeFacts, verdict: EnforcedVerdict | null): void {
    const { flow, packet } = begun
    const { compiled, onFlow } = this.#options
    const told: Flow = { ...flow, protocol, domain }
    const known = verdict ?? compiled.decide({ ...flow, http: null, content: null })
    const record = this.#record(told, packet, known)
    this.#judged.set(begun, { record, verdict: known })
    onFlow(record)
  }

  /** A flow that was let through and has run into a limit of its rule. */
  over(begun: BegunFlow, limit: LimitName): void {
    const judged = this.#judged.get(begun)
    if (judged === undefined) return
    const verdict = overLimit(judged.verdict, limit)
    this.#options.onFlow({ ...judged.record, time: new Date().toISOString(), verdict })
  }

  /** A flow is told once, and again when it is decided otherwise. */
  #isTold(packet: PacketFacts, verdict: EnforcedVerdict): boolean {
    const before = this.#decided.get(textOf(packet))
    if (before?.how !== howText(verdict)) return false
    if (packet.transport === TCP) return packet.syn === null || packet.syn === before.syn
    // A socket that was closed meanwhile is the last that had these ports.
    return packet.socket === null || packet.socket === before.socket
  }

  #remember(packet: PacketFacts, verdict: EnforcedVerdict): void {
    const flow = textOf(packet)
    const syn = packet.syn ?? this.#decided.get(flow)?.syn ?? null
    this.#decided.delete(flow)
    this.#decided.set(flow, { socket: packet.socket, syn, how: howText(verdict) })
    if (this.#decided.size > MOST_FLOWS) this.#decided.delete(this.#decided.keys().next().value!)
  }

  async #flowOf(packet: PacketFacts): Promise<Flow> {
    const { names, user, hashes } = this.#options
    const nowMs = Date.now()
    const dst = addressFromBytes(packet.dst)
    return {
      time: nowMs,
      device: null,
      tags: null,
      user: user?.user ?? String(packet.uid),
      groups: user?.groups ?? [],
      app: packet.exe,
      appSha256: packet.exe === null || hashes === null ? null : await hashes.sha256(packet.exe),
      unit: null,
      container: null,
      posture: null,
      src: null,
      dst,
      port: packet.dstPort,
      transport: transportFromProtocolNumber(packet.transport),
      boundNames: dst === null ? [] : names.namesOf(dst),
    }
  }

  #record(flow: Flow, packet: PacketFacts, verdict: EnforcedVerdict): FlowRecord {
    const { world } = this.#options
    const { device: _device, tags: _tags, posture: _posture, src: _src, appSha256: _sha256, ...facts } = flowFacts(flow)
    return {
      ...facts,
      time: new Date(flow.time ?? 0).toISOString(),
      app: packet.exe ?? packet.comm,
      dst: flow.dst ? formatAddress(flow.dst) : null,
      ...placeFacts(flow.dst ?? null, world),
      verdict: { ...verdict, verdict: verdict.verdict === 'allow' ? 'allow' : 'deny' },
    }
  }
}

function textOf({ transport, srcPort, dst, dstPort }: PacketFacts): string {
  return [transport, srcPort, dst.join(), dstPort].join(' ')
}

function howText({ verdict, layer, rule, mode }: EnforcedVerdict): string {
  return JSON.stringify([verdict, layer, rule, mode])
}
