import type { CompiledPolicy } from '@sallyport/compile'
import type { FlowRecord } from '@sallyport/flow'
import type { PacketFacts, PacketVerdict } from '@sallyport/kernel'
import { addressFromBytes, formatAddress, transportFromProtocolNumber } from '@sallyport/net'
import { flowFacts, type Flow, type Verdict, type World } from '@sallyport/policy'
import type { FileHashes } from '../host/file-hashes.ts'
import type { User } from '../host/users.ts'
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

/** Decides first packets with what /proc tells of their sender: the kernel's walk in TypeScript. */
export class PacketJudge {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  async decide(packet: PacketFacts): Promise<PacketVerdict> {
    const { compiled, onFlow } = this.#options
    const flow = await this.#flowOf(packet)
    const verdict = compiled.decide({ ...flow, http: null, content: null })
    onFlow(this.#record(flow, packet, verdict))
    if (verdict.verdict === 'allow' || verdict.mode === 'monitor') return 'allow'
    return verdict.verdict === 'deny' && verdict.how === 'drop' ? 'drop' : 'reject'
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
      domain: null,
      boundNames: dst === null ? [] : names.namesOf(dst),
      protocol: null,
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
