import { u16, u24, u32, u8 } from '../identify/octets.ts'
import type { IpPacket } from './ip-packet.ts'
import { ipOfFrame } from './link-layer.ts'

const ETHERNET = 1
const PORT = { gtp: 2152, vxlan: 4789, capwap: 5247 } as const

/**
 * The IP packet that another one carries: IP in IP (RFC 2003, RFC 4213), GRE (RFC 2784), VXLAN (RFC 7348), GTP-U (3GPP
 * TS 29.281), CAPWAP (RFC 5415). Null when it carries none. A tunnel over UDP is known by its port and its header together.
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
  if (![0x0800, 0x86dd].includes(u16(payload, 2))) return null
  const options = [0x80, 0x20, 0x10].filter((bit) => (u8(payload, 0) & bit) !== 0).length
  return ipOrNull(payload.subarray(4 + options * 4))
}

function ofUdp(source: number, destination: number, data: Uint8Array): Uint8Array | null {
  const has = (port: number): boolean => source === port || destination === port
  if (has(PORT.vxlan) && u8(data, 0) === 8 && u24(data, 1) === 0) return ipOfFrame(ETHERNET, data.subarray(8))
  if (has(PORT.gtp)) return ofGtp(data)
  return has(PORT.capwap) ? ofCapwap(data) : null
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

/** Data of IEEE 802.11 in clear: its header, then LLC with SNAP. */
function ofCapwap(data: Uint8Array): Uint8Array | null {
  const frame = data.subarray((u8(data, 1) >> 3) * 4)
  // The frame control field comes with its octets in either order.
  const control = [u8(frame, 0), u8(frame, 1)].find((octet) => octet === 0x08 || octet === 0x88)
  const llc = control === undefined ? 0 : control === 0x88 ? 26 : 24
  if (llc === 0 || u24(frame, llc) !== 0xaaaa03) return null
  return [0x0800, 0x86dd].includes(u32(frame, llc + 4) & 0xffff) ? ipOrNull(frame.subarray(llc + 8)) : null
}
