import { u16, u32, u8 } from '../identify/octets.ts'

/** What an IP packet carries, its extension headers read (RFC 791, RFC 8200). */
export type IpPacket = {
  readonly source: Uint8Array
  readonly destination: Uint8Array
  /** Number of the IANA registry of the payload's protocol. */
  readonly protocol: number
  readonly payload: Uint8Array
  readonly fragment: { readonly id: number; readonly offset: number; readonly last: boolean } | null
}

const MOST_HEADERS = 16
const EXTENSION: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140])
const FRAGMENT = 44
const AUTHENTICATION = 51

export function readIpPacket(bytes: Uint8Array): IpPacket | null {
  return u8(bytes, 0) >> 4 === 4 ? readIpv4(bytes) : readIpv6(bytes)
}

function readIpv4(bytes: Uint8Array): IpPacket | null {
  const header = (u8(bytes, 0) & 15) * 4
  if (header < 20 || bytes.length < header) return null
  const total = u16(bytes, 2)
  // 0 where the sender's card segments.
  const end = total === 0 ? bytes.length : Math.min(total, bytes.length)
  const bits = u16(bytes, 6)
  const offset = (bits & 0x1fff) * 8
  const hasMore = (bits & 0x2000) !== 0
  return {
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: u8(bytes, 9),
    payload: bytes.subarray(header, Math.max(header, end)),
    fragment: offset > 0 || hasMore ? { id: u16(bytes, 4), offset, last: !hasMore } : null,
  }
}

function readIpv6(bytes: Uint8Array): IpPacket | null {
  if (bytes.length < 40) return null
  const length = u16(bytes, 4)
  const end = length === 0 ? bytes.length : Math.min(40 + length, bytes.length)
  let protocol = u8(bytes, 6)
  let at = 40
  let fragment: IpPacket['fragment'] = null
  for (let headers = 0; headers < MOST_HEADERS && at < end && fragment === null; headers++) {
    const next = u8(bytes, at)
    if (EXTENSION.has(protocol)) at += 8 + u8(bytes, at + 1) * 8
    else if (protocol === AUTHENTICATION) at += (u8(bytes, at + 1) + 2) * 4
    else if (protocol === FRAGMENT) {
      const bits = u16(bytes, at + 2)
      const offset = bits & 0xfff8
      if (offset > 0 || (bits & 1) === 1) fragment = { id: u32(bytes, at + 4), offset, last: (bits & 1) === 0 }
      at += 8
    } else break
    protocol = next
  }
  const [source, destination] = [bytes.subarray(8, 24), bytes.subarray(24, 40)]
  return { source, destination, protocol, payload: bytes.subarray(Math.min(at, end), end), fragment }
}
