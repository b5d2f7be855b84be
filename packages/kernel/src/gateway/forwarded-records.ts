import {
  GREETING_BYTES as OCTETS_AND_HEAD,
  GREETING_HEAD as OTHER_HEAD,
  keyBytes,
  mapped,
  viewOf,
  type Resumable,
  type FlowKey,
  type Greeting,
} from '../handshakes/records.ts'
import type { QueuedSegment } from '../queue/parse-segment.ts'

/** `struct way`, `struct passage` and `struct greeting` of bpf/ways.h. */
const WAY_BYTES = 40
export const PASSAGE_BYTES = 144
const GREETING_HEAD = WAY_BYTES + 8
export const FORWARDED_GREETING_BYTES: number = GREETING_HEAD + OCTETS_AND_HEAD - OTHER_HEAD

const TCP = 6
const UDP = 17

/** The two ends of a flow through the gateway. */
export type WayEnds = {
  readonly src: Uint8Array
  readonly srcPort: number
  readonly dst: Uint8Array
  readonly port: number
  readonly ipproto: number
}

/** A flow through the gateway whose handshake is awaited. */
export type ForwardedTicket = Resumable &
  WayEnds & {
    /** As in the generation; 0 is nobody that was named. */
    readonly client: number
    /** Under which time it is told, at its end too. Nanoseconds of CLOCK_BOOTTIME. */
    readonly toldNs: bigint
  }

export function wayOf({ transport, src, dst, srcPort, dstPort }: QueuedSegment): FlowKey {
  const bytes = new Uint8Array(WAY_BYTES)
  const view = viewOf(bytes)
  bytes.set(src.length === 4 ? mapped(src) : src, 0)
  bytes.set(mapped(dst), 16)
  view.setUint16(32, srcPort, true)
  view.setUint16(34, dstPort, true)
  bytes[36] = transport === 'tcp' ? TCP : UDP
  return keyOfWay(bytes)
}

/** Null when the flow is not one whose handshake decides. */
export function decodePassage(key: FlowKey, bytes: Uint8Array): ForwardedTicket | null {
  const [view, way] = [viewOf(bytes), keyBytes(key)]
  if (bytes[67] === 0) return null
  return {
    generation: view.getUint32(0, true),
    client: view.getUint32(4, true),
    resume: view.getUint32(24, true),
    sinceNs: view.getBigUint64(32, true),
    toldNs: view.getBigUint64(88, true),
    first: bytes[66] === 1 ? view.getUint32(60, true) : null,
    ...endsOfWay(way),
  }
}

export function endsOfWay(way: Uint8Array): WayEnds {
  const view = viewOf(way)
  return {
    src: way.slice(0, 16),
    dst: way.slice(16, 32),
    srcPort: view.getUint16(32, true),
    port: view.getUint16(34, true),
    ipproto: way[36]!,
  }
}

export function decodeForwardedGreeting(bytes: Uint8Array): Greeting {
  const view = viewOf(bytes)
  const length = Math.min(view.getUint32(WAY_BYTES + 4, true), bytes.length - GREETING_HEAD)
  return {
    key: keyOfWay(bytes.subarray(0, WAY_BYTES)),
    seq: view.getUint32(WAY_BYTES, true),
    bytes: bytes.slice(GREETING_HEAD, GREETING_HEAD + length),
  }
}

function keyOfWay(bytes: Uint8Array): FlowKey {
  return Buffer.from(bytes).toString('latin1') as FlowKey
}
