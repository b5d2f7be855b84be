import { isAwaited, type CompiledPolicy } from '@sallyport/compile'
import type { FlowRecord } from '@sallyport/flow'
import type { HandshakeFacts } from '@sallyport/inspect'
import type { AwaitsHandshake, PacketFacts, PacketVerdict } from '@sallyport/kernel'
import { addressFromBytes, formatAddress, transportFromProtocolNumber } from '@sallyport/net'
import { flowFacts, type Flow, type Verdict, type World } from '@sallyport/policy'
import type { FileHashes } from '../host/file-hashes.ts'
import type { User } from '../host/users.ts'
import { judgeHandshake } from '../inspect/judge-handshake.ts'
import type { BoundNames } from './bound-names.ts'

type Options = {
  readonly compiled: CompiledPolicy
  readonly world: World
  readonly names: BoundNames
  readonly user: User | null
  /** Only when the policy asks for the contents of applications. */
  readonly hashes: FileHashes | null
  readonly onFlow: (record: FlowRecord) => void
}

/** What was known of a flow when its first packet came. */
export type BegunFlow = { readonly flow: Flow; readonly packet: PacketFacts }

/** Decides first packets with what /proc tells of their sender: the kernel's walk in TypeScript. */
export class PacketJudge {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  async decide(packet: PacketFacts): Promise<PacketVerdict | AwaitsHandshake<BegunFlow>> {
    const { compiled, onFlow } = this.#options
    const flow = await this.#flowOf(packet)
    const hasHandshake = flow.transport === 'tcp' || flow.transport === 'udp'
    if (hasHandshake && isAwaited(compiled.at(flow.time ?? 0), flow)) return { awaits: { flow, packet } }
    const alone: Flow = { ...flow, domain: null, protocol: null }
    const verdict = compiled.decide({ ...alone, http: null, content: null })
    onFlow(this.#record(alone, packet, verdict))
    if (verdict.verdict === 'allow' || verdict.mode === 'monitor') return 'allow'
    return verdict.verdict === 'deny' && verdict.how === 'drop' ? 'drop' : 'reject'
  }

  /** A flow whose handshake was awaited. */
  judge({ flow }: BegunFlow, facts: HandshakeFacts): Verdict {
    const { compiled } = this.#options
    const nowMs = Date.now()
    return judgeHandshake((told) => compiled.decide({ ...flow, ...told, time: nowMs }), facts, flow.boundNames ?? [])
  }

  /** `null`: nothing could be decided, which denies. */
  judged({ flow, packet }: BegunFlow, { protocol, domain }: HandshakeFacts, verdict: Verdict | null): void {
    const { compiled, onFlow } = this.#options
    const told: Flow = { ...flow, protocol, domain }
    onFlow(this.#record(told, packet, verdict ?? compiled.decide({ ...flow, http: null, content: null })))
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

  #record(flow: Flow, packet: PacketFacts, verdict: Verdict): FlowRecord {
    const { world } = this.#options
    const { device: _device, tags: _tags, posture: _posture, src: _src, appSha256: _sha256, ...facts } = flowFacts(flow)
    return {
      ...facts,
      time: new Date(flow.time ?? 0).toISOString(),
      app: packet.exe ?? packet.comm,
      dst: flow.dst ? formatAddress(flow.dst) : null,
      country: flow.dst ? world.country(flow.dst) : null,
      asn: flow.dst ? world.asn(flow.dst) : null,
      verdict: { ...verdict, verdict: verdict.verdict === 'allow' ? 'allow' : 'deny' },
    }
  }
}
