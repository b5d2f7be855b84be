import type { FlowEnds } from './conntrack-messages.ts'
import type { ForwardedEvent } from './forwarded-event.ts'
import { onTheWire } from './on-the-wire.ts'

/** `struct way` of bpf/ways.h and `struct straight` of bpf/straight.h. */
export const WAY_BYTES = 40
export const STRAIGHT_BYTES = 112

/** An address of IPv4 and a port that a client has outside, in place of its own. */
type Outside = { readonly address: Uint8Array; readonly port: number }

export type Straight = { readonly lastNs: bigint; readonly isEnded: boolean; readonly outside: Outside | null }

/** Of the passage that began then; no packet has come out yet. */
export function encodeStraight(sinceNs: bigint, nowNs: bigint, outside: Outside | null): Uint8Array {
  const bytes = new Uint8Array(STRAIGHT_BYTES)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, sinceNs, true)
  view.setBigUint64(8, nowNs, true)
  if (outside === null) return bytes
  bytes.set(outside.address, 20)
  view.setUint16(24, outside.port)
  return bytes
}

export function decodeStraight(bytes: Uint8Array): Straight {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outside = view.getUint32(20) === 0 ? null : { address: bytes.slice(20, 24), port: view.getUint16(24) }
  return { lastNs: view.getBigUint64(8, true), isEnded: view.getUint32(16, true) !== 0, outside }
}

/** The way as it looks outside. */
export function wayOutside(way: Uint8Array, { address, port }: Outside): Uint8Array {
  const bytes = way.slice()
  bytes.set(address, 12)
  new DataView(bytes.buffer).setUint16(32, port, true)
  return bytes
}

type Ends = Pick<ForwardedEvent, 'ipproto' | 'src' | 'srcPort' | 'dst' | 'port'>

export function wayOfEvent({ ipproto, src, srcPort, dst, port }: Ends): Uint8Array {
  const bytes = new Uint8Array(WAY_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(src, 0)
  bytes.set(dst, 16)
  view.setUint16(32, srcPort, true)
  view.setUint16(34, port, true)
  bytes[36] = ipproto
  return bytes
}

export function endsOfWay(way: Uint8Array): FlowEnds {
  const view = new DataView(way.buffer, way.byteOffset, way.byteLength)
  const { client, server } = onTheWire({ src: way.slice(0, 16), dst: way.slice(16, 32) })
  const [srcPort, dstPort] = [view.getUint16(32, true), view.getUint16(34, true)]
  return { ipproto: way[36]!, src: client, dst: server, srcPort, dstPort }
}
