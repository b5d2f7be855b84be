import { findTransport } from './parse-packet.ts'

/** A packet of TCP or UDP as an inspector reads it. */
export type QueuedSegment = {
  readonly transport: 'tcp' | 'udp'
  /** 4 or 16 bytes. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
  /** TCP: of the first octet of `payload`, after a SYN one more than its own. */
  readonly seq: number
  readonly isSyn: boolean
  /** A part of `bytes`, not a copy. */
  readonly payload: Uint8Array
}

const TCP = 6
const UDP = 17

/** Null when it is neither, or when its headers do not fit into it. */
export function parseSegment(bytes: Uint8Array): QueuedSegment | null {
  const found = findTransport(bytes)
  if (found === null) return null
  const { transport, at, src, dst } = found
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < at + 8) return null
  const ports = { src, dst, srcPort: view.getUint16(at), dstPort: view.getUint16(at + 2) }
  if (transport === UDP) return { transport: 'udp', ...ports, seq: 0, isSyn: false, payload: bytes.subarray(at + 8) }
  if (transport !== TCP || bytes.length < at + 20) return null
  const length = (bytes[at + 12]! >> 4) * 4
  if (length < 20 || bytes.length < at + length) return null
  const isSyn = (bytes[at + 13]! & 2) !== 0
  const seq = (view.getUint32(at + 4) + (isSyn ? 1 : 0)) >>> 0
  return { transport: 'tcp', ...ports, seq, isSyn, payload: bytes.subarray(at + length) }
}
