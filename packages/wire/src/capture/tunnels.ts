import { u16, u24, u8 } from '../identify/octets.ts'
import type { IpPacket } from './ip-packet.ts'
import { ipOfFrame, ofPpp } from './link-layer.ts'
import { wirelessPayload } from './wireless-frame.ts'

const ETHERNET = 1
const PORT = { l2tp: 1701, gtp: 2152, vxlan: 4789, capwap: 5247, geneve: 6081 } as const
const GRE = { ppp: 0x880b, erspan: 0x88be, erspan3: 0x22eb, ethernet: 0x6558 } as const

/**
 * The IP packet that another one carries: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784) with IP, Ethernet, ERSPAN or PPP, VXLAN
 * (RFC 7348), GENEVE (RFC 8926), L2TP (RFC 2661), GTP-U (3GPP TS 29.281), CAPWAP (RFC 5415). Null when it carries none. A tunnel over UDP is known by its port and its header together.
 */
export function tunnelledPacket(packet: IpPacket): Uint8Array | null {
  const { protocol, payload } = packet
  if (protocol === 4 || protocol === 41) return ipOrNull(payload)
  if (protocol === 47) return ofGre(payload)
  return protocol === 17 && payload.length > 16 ? ofUdp(u16(payload, 0), u16(payload, 2), payload.subarray(8)) : null
}

function ipOrNull(bytes: Uint8Array): Uint8Array | null {
  const version = u8(bytes, 0) >> 4
  return (version === 4 && bytes.length >= 20) || (version === 6 && bytes.length >= 40) ? bytes : null
}

function ofGre(payload: Uint8Array): Uint8Array | null {
  const [flags, type] = [u8(payload, 0), u16(payload, 2)]
  const options = [0x80, 0x20, 0x10].filter((bit) => (flags & bit) !== 0).length
  const inside = payload.subarray(4 + options * 4)
  if (type === 0x0800 || type === 0x86dd) return ipOrNull(inside)
  if (type === GRE.ethernet) return ipOfFrame(ETHERNET, inside)
  // Type 1 has no header of its own, and no sequence number by which it is told.
  if (type === GRE.erspan) return ipOfFrame(ETHERNET, inside.subarray((flags & 0x10) === 0 ? 0 : 8))
  if (type === GRE.erspan3) return ipOfFrame(ETHERNET, inside.subarray((u8(inside, 11) & 1) === 0 ? 12 : 20))
  // RFC 2637 §4.1: version 1 has a key always, and an acknowledgement where a flag says so.
  if (type === GRE.ppp) return ofPpp(inside.subarray((u8(payload, 1) & 0x80) === 0 ? 0 : 4))
  return null
}

function ofUdp(source: number, destination: number, data: Uint8Array): Uint8Array | null {
  const has = (port: number): boolean => source === port || destination === port
  if (has(PORT.vxlan) && u8(data, 0) === 8 && u24(data, 1) === 0) return ipOfFrame(ETHERNET, data.subarray(8))
  if (has(PORT.geneve) && u8(data, 0) >> 6 === 0) return ofGeneve(data)
  if (has(PORT.l2tp)) return ofL2tp(data)
  if (has(PORT.gtp)) return ofGtp(data)
  return has(PORT.capwap) ? ofCapwap(data) : null
}

function ofGeneve(data: Uint8Array): Uint8Array | null {
  const inside = data.subarray(8 + (u8(data, 0) & 0x3f) * 4)
  const type = u16(data, 2)
  return type === GRE.ethernet ? ipOfFrame(ETHERNET, inside) : [0x0800, 0x86dd].includes(type) ? ipOrNull(inside) : null
}

/** A message of data: flags say which of length, sequence numbers and offset are there (RFC 2661 §3.1). */
function ofL2tp(data: Uint8Array): Uint8Array | null {
  const flags = u16(data, 0)
  if ((flags & 0x8000) !== 0 || (flags & 0x0f) !== 2) return null
  let at = 6 + ((flags & 0x4000) === 0 ? 0 : 2) + ((flags & 0x0800) === 0 ? 0 : 4)
  if ((flags & 0x0200) !== 0) at += 2 + u16(data, at)
  return ofPpp(data.subarray(at))
}

/** A user packet of version 1: eight octets, four more when a flag says so, then extension headers. */
function ofGtp(data: Uint8Array): Uint8Array | null {
  const flags = u8(data, 0)
  if (flags >> 4 !== 3 || u8(data, 1) !== 0xff) return null
  let at = (flags & 7) === 0 ? 8 : 12
  let next = (flags & 4) === 0 ? 0 : u8(data, 11)
  for (let headers = 0; next !== 0 && headers < 8 && at < data.length; headers++) {
    const length = u8(data, at) * 4
    if (length === 0) return null
    next = u8(data, at + length - 1)
    at += length
  }
  return ipOrNull(data.subarray(at))
}

/** Data of IEEE 802.11 in clear. */
function ofCapwap(data: Uint8Array): Uint8Array | null {
  const frame = data.subarray((u8(data, 1) >> 3) * 4)
  // The frame control field comes with its octets in either order.
  const isSwapped = u8(frame, 0) !== 0x08 && u8(frame, 0) !== 0x88
  const straight = isSwapped ? Uint8Array.of(u8(frame, 1), u8(frame, 0), ...frame.subarray(2)) : frame
  const inside = wirelessPayload(straight)
  return inside !== null && [0x0800, 0x86dd].includes(inside.type) ? ipOrNull(inside.payload) : null
}
