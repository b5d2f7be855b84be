import { parseSegment, type QueuedSegment } from '../queue/parse-segment.ts'
import type { PacketAnswer, PacketHeaders } from './packet-facts.ts'

/** The way to the packets that wait in the namespace. */
export type NamespaceChannel = {
  readonly answer: (id: number, answer: PacketAnswer) => void
  /** Ends a connection of the namespace: both its ends are told. */
  readonly close: (connection: Omit<PacketHeaders, 'transport'>) => void
  readonly renew: (generation: number) => void
}

/** Of a connection that has begun the packet is the last; who sent another is answered. */
export function refusePacket({ answer, close }: NamespaceChannel, id: number, bytes: Uint8Array): void {
  const segment = parseSegment(bytes)
  if (segment?.transport !== 'tcp' || segment.isSyn) return answer(id, 'reject')
  answer(id, 'drop')
  close(endsOf(segment))
}

/** The same of a packet that comes in. */
export function refuseIncoming({ answer, close }: NamespaceChannel, id: number, bytes: Uint8Array): void {
  answer(id, 'drop')
  const segment = parseSegment(bytes)
  if (segment?.transport !== 'tcp') return
  const { src, dst, srcPort, dstPort } = segment
  close({ src: dst, dst: src, srcPort: dstPort, dstPort: srcPort })
}

export function endsOf({ src, dst, srcPort, dstPort }: QueuedSegment): Omit<PacketHeaders, 'transport'> {
  return { src, dst, srcPort, dstPort }
}
