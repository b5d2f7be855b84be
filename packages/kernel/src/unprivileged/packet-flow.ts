import type { FlowKey } from '../handshakes/records.ts'
import { findTransport, parsePacket } from '../queue/parse-packet.ts'
import type { PacketHeaders } from './packet-facts.ts'

type Side = 'client' | 'server'

const TCP = 6
const UDP = 17
const WITHOUT_PORTS: ReadonlySet<number> = new Set([1, 58])

/** A packet as one of a flow, whichever side sent it. */
export type FlowPacket = { readonly key: FlowKey; readonly isTcp: boolean; readonly octets: number }

/** `length`: of the whole packet, of which `bytes` may be the beginning. Null when it is unreadable. */
export function packetOfFlow(bytes: Uint8Array, length: number, from: Side): FlowPacket | null {
  const headers = parsePacket(bytes)
  const found = findTransport(bytes)
  if (headers === null || found === null) return null
  const { transport, at } = found
  const isTcp = transport === TCP
  const head = isTcp ? (bytes[at + 12]! >> 4) * 4 : transport === UDP ? 8 : 0
  return { key: flowKey(headers, from), isTcp, octets: Math.max(0, length - at - head) }
}

/** Of the two ends of a flow, as its client names them. */
export function flowKey({ transport, src, dst, srcPort, dstPort }: PacketHeaders, from: Side): FlowKey {
  const [own, other] = from === 'client' ? [src, dst] : [dst, src]
  // The identifier of an echo is the same both ways.
  const isTurned = from === 'server' && !WITHOUT_PORTS.has(transport)
  const [ownPort, otherPort] = isTurned ? [dstPort, srcPort] : [srcPort, dstPort]
  const ports = [ownPort >> 8, ownPort & 0xff, otherPort >> 8, otherPort & 0xff]
  return Buffer.from([transport, ...ports, ...own, ...other]).toString('latin1') as FlowKey
}
