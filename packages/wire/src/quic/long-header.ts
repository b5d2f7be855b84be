import { u16, u32, u8 } from '../identify/octets.ts'
import { isReservedVersion, quicVersion, type QuicVersion } from './versions.ts'

/** Header fields that no key protects (RFC 9000 §17.2), of one packet at `start` of a datagram. */
export type LongHeader = {
  readonly start: number
  readonly firstOctet: number
  readonly version: number
  readonly known: QuicVersion | null
  readonly kind: 'cut' | 'initial' | 'retry' | 'other' | 'negotiation' | 'unknown-version' | 'reserved-version'
  readonly destinationId: Uint8Array
  readonly sourceId: Uint8Array
  /** Where the packet number is; end of the packet: 0 where the kind has no length. */
  readonly numberOffset: number
  readonly end: number
}

const LONGEST_PACKET = 65_535

/** RFC 9000 §16: value and where the next field starts. */
export function varint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  const first = u8(bytes, at)
  const length = 1 << (first >> 6)
  let value = first & 0x3f
  for (let index = 1; index < length; index++) value = value * 256 + u8(bytes, at + index)
  return { value, next: at + length }
}

export function readLongHeader(bytes: Uint8Array, start: number): LongHeader | null {
  const firstOctet = u8(bytes, start)
  if (firstOctet < 0x80 || bytes.length < start + 7) return null
  const version = u32(bytes, start + 1)
  const destinationEnd = start + 6 + u8(bytes, start + 5)
  const sourceStart = destinationEnd + 1
  const sourceEnd = sourceStart + u8(bytes, destinationEnd)
  if (sourceEnd > bytes.length || u8(bytes, start + 5) > 20 || u8(bytes, destinationEnd) > 20) return null
  const isReserved = isReservedVersion(version)
  const known = quicVersion(version)
  const header = {
    start,
    firstOctet,
    version,
    known,
    destinationId: bytes.subarray(start + 6, destinationEnd),
    sourceId: bytes.subarray(sourceStart, sourceEnd),
    numberOffset: 0,
    end: 0,
  }
  if (version === 0) return { ...header, kind: 'negotiation' }
  if (known === null) return { ...header, kind: 'unknown-version' }
  if ((firstOctet & 0x40) === 0) return isReserved ? { ...header, kind: 'unknown-version' } : null
  const type = (firstOctet >> 4) & 3
  if (type === known.types.retry) return { ...header, kind: 'retry' }
  const isInitial = type === known.types.initial
  if (isReserved && !isInitial) return { ...header, kind: 'unknown-version' }
  const token = isInitial ? varint(bytes, sourceEnd) : { value: 0, next: sourceEnd }
  const length = varint(bytes, token.next + token.value)
  const end = length.next + length.value
  // Cut short by a capture: what it is can still be seen.
  const isCut = end > bytes.length && length.value >= 20 && length.value < LONGEST_PACKET && !isReserved
  if (isCut) return { ...header, kind: 'cut' }
  if (end > bytes.length || length.value < 20) return isReserved ? { ...header, kind: 'unknown-version' } : null
  const kind = isReserved ? 'reserved-version' : isInitial ? 'initial' : 'other'
  return { ...header, kind, numberOffset: length.next, end }
}

/** Whether the rest is a list of versions, most of them known or reserved (RFC 9000 §17.2.1). */
export function isVersionList(bytes: Uint8Array, header: LongHeader): boolean {
  const start = header.start + 7 + header.destinationId.length + header.sourceId.length
  const octets = bytes.length - start
  if (octets < 4 || octets % 4 !== 0 || octets > 256) return false
  let known = 0
  for (let at = start; at < bytes.length; at += 4) if (isVersionNumber(u32(bytes, at), u16(bytes, at))) known++
  return known * 8 >= octets
}

function isVersionNumber(version: number, top: number): boolean {
  return quicVersion(version) !== null || top >> 8 === 0x51
}
