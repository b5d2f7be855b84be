import type { HandshakeCrypto } from '../identify/identification.ts'
import type { CapturedPacket } from './capture-reader.ts'
import { CapturedFlow, type FlowRow } from './captured-flow.ts'
import { FragmentStore } from './fragment-store.ts'
import { readIpPacket, type IpPacket } from './ip-packet.ts'
import { ipOfFrame } from './link-layer.ts'
import { tunnelledPacket } from './tunnels.ts'
import { readTransportPacket } from './transport-packet.ts'

export type FlowTableCounters = {
  /** Frames without IP, with a link type that is not read, or cut short. */
  readonly ignoredFrames: number
  readonly droppedFragments: number
  /** Flows that ended early because the table was full. */
  readonly evictedFlows: number
}

const MOST_TUNNELS = 4

/** Flows of a capture, in the order of their first packets. Bounded: the oldest is finished when the table is full. */
export class FlowTable {
  readonly #ciphers: HandshakeCrypto
  readonly #maxFlows: number
  readonly #flows = new Map<string, CapturedFlow>()
  readonly #fragments = new FragmentStore()
  #done: FlowRow[] = []
  #ignored = 0
  #evicted = 0

  constructor(ciphers: HandshakeCrypto, maxFlows = 65_536) {
    this.#ciphers = ciphers
    this.#maxFlows = maxFlows
  }

  get counters(): FlowTableCounters {
    return { ignoredFrames: this.#ignored, droppedFragments: this.#fragments.dropped, evictedFlows: this.#evicted }
  }

  add({ linkType, timeMs, bytes }: CapturedPacket): void {
    const outer = ipOfFrame(linkType, bytes)
    const ip = outer === null ? null : this.#innermost(outer)
    if (ip === 'waits') return
    const packet = ip === null ? null : readTransportPacket(ip)
    if (packet === null) {
      this.#ignored++
      return
    }
    let flow = this.#flows.get(packet.flowKey)
    if (flow?.isReusedBy(packet) === true) {
      this.#finish(packet.flowKey, flow)
      flow = undefined
    }
    if (flow === undefined) {
      this.#makeRoom()
      flow = new CapturedFlow(packet, timeMs, this.#ciphers)
      this.#flows.set(packet.flowKey, flow)
    }
    flow.add(packet)
  }

  /** Flows that are over since the last call; a long capture is printed while it is read. */
  takeFinished(): readonly FlowRow[] {
    const rows = this.#done
    this.#done = []
    return rows
  }

  finish(): readonly FlowRow[] {
    for (const [key, flow] of this.#flows) this.#finish(key, flow)
    return this.takeFinished()
  }

  #finish(key: string, flow: CapturedFlow): void {
    this.#done.push(flow.finish())
    this.#flows.delete(key)
  }

  #makeRoom(): void {
    if (this.#flows.size < this.#maxFlows) return
    const [key, flow] = this.#flows.entries().next().value!
    this.#evicted++
    this.#finish(key, flow)
  }

  /** The packet inside IP in IP, GRE, VXLAN, GTP-U and CAPWAP; `waits` while fragments are missing. */
  #innermost(bytes: Uint8Array): IpPacket | null | 'waits' {
    let packet = readIpPacket(bytes)
    for (let depth = 0; depth < MOST_TUNNELS && packet !== null; depth++) {
      packet = this.#fragments.add(packet)
      if (packet === null) return 'waits'
      const inner = tunnelledPacket(packet)
      if (inner === null) return packet
      packet = readIpPacket(inner)
    }
    return packet
  }
}
