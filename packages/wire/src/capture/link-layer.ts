import { u16, u16le, u32, u32le, u8 } from '../identify/octets.ts'
import { snapPayload, wirelessPayload, type TypedPayload } from './wireless-frame.ts'

/** Link types of the tcpdump registry that carry IP. */
const LINK = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawOpenBsd: 14,
  rawBsd: 12,
  pppHdlc: 50,
  raw: 101,
  ciscoHdlc: 104,
  wireless: 105,
  loop: 108,
  cooked: 113,
  openBsdFilter: 117,
  radiotap: 127,
  ppi: 192,
  ipv4: 228,
  ipv6: 229,
  netfilterLog: 239,
  cooked2: 276,
} as const

const MOST_TAGS = 8
const TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200]
/** Of the netfilter log: the packet itself. */
const NFULA_PAYLOAD = 9

/** The IP packet inside a frame; null when there is none, or the link type is not read. */
export function ipOfFrame(linkType: number, frame: Uint8Array, depth = 0): Uint8Array | null {
  switch (linkType) {
    case LINK.ethernet:
      return ofEtherType(frame, 12)
    case LINK.raw:
    case LINK.rawBsd:
    case LINK.rawOpenBsd:
    case LINK.ipv4:
    case LINK.ipv6:
      return ipOrNull(frame)
    case LINK.null:
      return isFamily(Math.min(u32le(frame, 0), u32(frame, 0))) ? ipOrNull(frame.subarray(4)) : null
    case LINK.loop:
      return ipOrNull(frame.subarray(4))
    case LINK.cooked:
      return ofEtherType(frame, 14)
    case LINK.cooked2:
      return ofTagged(u16(frame, 0), frame.subarray(20))
    case LINK.ciscoHdlc:
      return ofProtocol(u16(frame, 2), frame.subarray(4))
    case LINK.wireless:
      return ofTyped(wirelessPayload(frame))
    case LINK.radiotap:
      return ofTyped(wirelessPayload(frame.subarray(u16le(frame, 2))))
    case LINK.openBsdFilter:
      return ipOrNull(frame.subarray((u8(frame, 0) + 3) & ~3))
    case LINK.netfilterLog:
      return ofNetfilterLog(frame)
    case LINK.ppp:
    case LINK.pppHdlc:
      return ofPpp(frame)
    case LINK.ppi:
      return depth > 0 ? null : ipOfFrame(u32le(frame, 4), frame.subarray(u8(frame, 2) | (u8(frame, 3) << 8)), 1)
    default:
      return null
  }
}

/** AF_INET, and AF_INET6 of Linux, the BSDs and macOS. */
const isFamily = (family: number): boolean => [2, 10, 24, 28, 30].includes(family)

function ipOrNull(bytes: Uint8Array): Uint8Array | null {
  const version = u8(bytes, 0) >> 4
  return version === 4 || version === 6 ? bytes : null
}

const ofEtherType = (frame: Uint8Array, at: number): Uint8Array | null =>
  ofTagged(u16(frame, at), frame.subarray(at + 2))

/** Skips tags of VLANs (802.1Q, 802.1ad) in front of the type. */
function ofTagged(type: number, payload: Uint8Array): Uint8Array | null {
  let at = 0
  let next = type
  for (let tags = 0; tags < MOST_TAGS && TAGS.includes(next); tags++) {
    next = u16(payload, at + 2)
    at += 4
  }
  // 802.3: a length, then LLC with SNAP and the type behind it.
  return next < 1536 ? ofTyped(snapPayload(payload.subarray(at))) : ofProtocol(next, payload.subarray(at))
}

const ofTyped = (inside: TypedPayload | null): Uint8Array | null =>
  inside === null ? null : ofProtocol(inside.type, inside.payload)

function ofProtocol(type: number, payload: Uint8Array): Uint8Array | null {
  if (type === 0x0800 || type === 0x86dd) return ipOrNull(payload)
  if (type === 0x8864) return ofPpp(payload.subarray(6))
  return type === 0x8847 || type === 0x8848 ? ofMpls(payload) : null
}

/** Family, version, resource, then attributes in the order of the machine that wrote them, which nearly always was the small end first. */
function ofNetfilterLog(frame: Uint8Array): Uint8Array | null {
  for (let at = 4; at + 4 <= frame.length;) {
    const length = u16le(frame, at)
    if (length < 4) return null
    if ((u16le(frame, at + 2) & 0x7fff) === NFULA_PAYLOAD) return ipOrNull(frame.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return null
}

/** PPP with its address and control octets or without, and its protocol in one octet or two (RFC 1661 §6.5, §6.6). */
export function ofPpp(frame: Uint8Array): Uint8Array | null {
  const at = u16(frame, 0) === 0xff03 ? 2 : 0
  const isShort = (u8(frame, at) & 1) === 1
  const protocol = isShort ? u8(frame, at) : u16(frame, at)
  return protocol === 0x21 || protocol === 0x57 ? ipOrNull(frame.subarray(at + (isShort ? 1 : 2))) : null
}

function ofMpls(payload: Uint8Array): Uint8Array | null {
  for (let at = 0, labels = 0; at + 4 <= payload.length && labels < MOST_TAGS; at += 4, labels++)
    if ((u8(payload, at + 2) & 1) === 1) return ofPseudowire(payload.subarray(at + 4))
  return null
}

/** What MPLS carries says nothing of itself: IP, or Ethernet, with a control word or without (RFC 4448 §4.6), where IP is in its place. */
function ofPseudowire(payload: Uint8Array): Uint8Array | null {
  const ip = ipOrNull(payload)
  if (ip !== null) return ip
  const hasWord = u32(payload, 0) >>> 28 === 0
  return (hasWord ? ofEtherType(payload, 16) : null) ?? ofEtherType(payload, 12)
}
