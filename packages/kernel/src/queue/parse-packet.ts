import type { PacketHeaders } from '../unprivileged/packet-facts.ts'

const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION_OPTIONS = 60
const MAX_EXTENSIONS = 8

/** TCP, UDP, DCCP, SCTP, UDP-Lite: both ports are their first four bytes. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136])
const ICMP: ReadonlySet<number> = new Set([1, 58])

/** Reads an IPv4 or IPv6 packet; null when it is neither, or when its headers do not fit into it. */
export function parsePacket(bytes: Uint8Array): PacketHeaders | null {
  const found = findTransport(bytes)
  return found === null ? null : withPorts(bytes, found)
}

/** What follows the last extension header, and where. */
export function findTransport(bytes: Uint8Array): Found | null {
  const version = (bytes[0] ?? 0) >> 4
  if (version === 4) return parseV4(bytes)
  return version === 6 ? parseV6(bytes) : null
}

function parseV4(bytes: Uint8Array): Found | null {
  const headerLength = (bytes[0]! & 0x0f) * 4
  if (headerLength < 20 || bytes.length < headerLength) return null
  // The kernel reassembles before it asks, so a later fragment is no packet that anybody sent.
  if ((word(bytes, 6) & 0x1fff) !== 0) return null
  return { transport: bytes[9]!, at: headerLength, src: bytes.slice(12, 16), dst: bytes.slice(16, 20) }
}

function parseV6(bytes: Uint8Array): Found | null {
  if (bytes.length < 40) return null
  let transport = bytes[6]!
  let at = 40
  for (let seen = 0; seen <= MAX_EXTENSIONS; seen++) {
    const length = extensionLength(transport, bytes, at)
    if (length === 0) return { transport, at, src: bytes.slice(8, 24), dst: bytes.slice(24, 40) }
    if (at + length > bytes.length) return null
    if (transport === FRAGMENT && (word(bytes, at + 2) & 0xfff8) !== 0) return null
    transport = bytes[at]!
    at += length
  }
  return null
}

/** 0 when it is no extension header that can be passed over. */
function extensionLength(type: number, bytes: Uint8Array, at: number): number {
  if (type === FRAGMENT) return 8
  if (type === AUTHENTICATION) return ((bytes[at + 1] ?? 0) + 2) * 4
  if (type === HOP_BY_HOP || type === ROUTING || type === DESTINATION_OPTIONS) return ((bytes[at + 1] ?? 0) + 1) * 8
  return 0
}

export type Found = {
  readonly transport: number
  readonly at: number
  readonly src: Uint8Array
  readonly dst: Uint8Array
}

function withPorts(bytes: Uint8Array, { transport, at, src, dst }: Found): PacketHeaders | null {
  if (WITH_PORTS.has(transport)) {
    if (bytes.length < at + 4) return null
    return { transport, src, dst, srcPort: word(bytes, at), dstPort: word(bytes, at + 2) }
  }
  if (ICMP.has(transport)) {
    if (bytes.length < at + 8) return null
    return { transport, src, dst, srcPort: word(bytes, at + 4), dstPort: 0 }
  }
  return { transport, src, dst, srcPort: 0, dstPort: 0 }
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
