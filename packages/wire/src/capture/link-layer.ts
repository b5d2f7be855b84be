import { u16, u32, u32le, u8 } from '../identify/octets.ts'

/** Link types of the tcpdump registry that carry IP. */
const LINK = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  rawOpenBsd: 14,
  rawBsd: 12,
  pppHdlc: 50,
  raw: 101,
  loop: 108,
  cooked: 113,
  ppi: 192,
  ipv4: 228,
  ipv6: 229,
  cooked2: 276,
} as const

const MOST_TAGS = 8

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
      return ofProtocol(u16(frame, 0), frame.subarray(20))
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

/** Skips tags of VLANs (802.1Q, 802.1ad) in front of the type. */
function ofEtherType(frame: Uint8Array, typeOffset: number): Uint8Array | null {
  let at = typeOffset
  for (let tags = 0; tags < MOST_TAGS && [0x8100, 0x88a8, 0x9100].includes(u16(frame, at)); tags++) at += 4
  const type = u16(frame, at)
  // 802.3: a length, then LLC with SNAP and the type behind it.
  if (type < 1536 && u16(frame, at + 2) === 0xaaaa) return ofProtocol(u16(frame, at + 8), frame.subarray(at + 10))
  return ofProtocol(type, frame.subarray(at + 2))
}

function ofProtocol(type: number, payload: Uint8Array): Uint8Array | null {
  if (type === 0x0800 || type === 0x86dd) return ipOrNull(payload)
  if (type === 0x8864) return ofPpp(payload.subarray(6))
  return type === 0x8847 ? ofMpls(payload) : null
}

function ofPpp(frame: Uint8Array): Uint8Array | null {
  const at = u16(frame, 0) === 0xff03 ? 2 : 0
  const isShort = (u8(frame, at) & 1) === 1
  const protocol = isShort ? u8(frame, at) : u16(frame, at)
  return protocol === 0x21 || protocol === 0x57 ? ipOrNull(frame.subarray(at + (isShort ? 1 : 2))) : null
}

function ofMpls(payload: Uint8Array): Uint8Array | null {
  for (let at = 0, labels = 0; at + 4 <= payload.length && labels < MOST_TAGS; at += 4, labels++)
    if ((u8(payload, at + 2) & 1) === 1) return ipOrNull(payload.subarray(at + 4))
  return null
}
