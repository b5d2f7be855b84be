import { found, more, type Sight } from '../identify/identification.ts'
import { u16, u32, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'
import { berLength } from './asn1.ts'
import { readDns } from '../datagram/dns-message.ts'
import { snmp } from '../datagram/services.ts'
import { isOpenvpnReset } from '../datagram/vpn.ts'
import { isStun } from '../datagram/media.ts'

const LONGEST_DNS = 8192
const LONGEST_SNMP = 4096

/** DNS over TCP: a length before each message (RFC 7766 §8). */
export function dnsStream({ bytes }: StreamView): Sight {
  if (bytes.length < 2) return more(2)
  const length = u16(bytes, 0)
  if (length < 17 || length > LONGEST_DNS) return 'no'
  // Opcode QUERY, a question: most of what is not DNS ends here.
  if (bytes.length >= 8 && ((u8(bytes, 4) & 0x78) !== 0 || u16(bytes, 6) !== 1)) return 'no'
  if (bytes.length < 2 + length) return more(2 + length)
  const dns = readDns(bytes.subarray(2, 2 + length))
  return dns === null ? 'no' : found(dns.protocol, 2, 12, dns.what, { name: dns.name })
}

/** RFC 3430: messages one after another, by their own lengths. */
export function snmpStream({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 0x30) return 'no'
  const whole = bytes.length < 6 ? 6 : wholeElement(bytes)
  if (whole === null || whole > LONGEST_SNMP) return 'no'
  if (bytes.length < whole) return more(whole)
  return snmp({ bytes: bytes.subarray(0, whole), direction: 'client', ciphers: null }) ?? 'no'
}

function wholeElement(bytes: Uint8Array): number | null {
  const outer = berLength(bytes, 1)
  return outer === null || u16(bytes, outer.start) !== 0x0201 ? null : outer.start + outer.length
}

/** RFC 5389 §6 over TCP, with or without the framing of RFC 4571. */
export function stunStream({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) > 3) return 'no'
  if (bytes.length < 22) return bytes.length >= 10 && !hasCookie(bytes) ? 'no' : more(22)
  if (isStun(bytes, false)) return found('stun', 0, 20, 'STUN message')
  return isStun(bytes.subarray(2), false) && u16(bytes, 0) >= 20 ? found('stun', 2, 20, 'STUN message') : 'no'
}

const hasCookie = (bytes: Uint8Array): boolean => u32(bytes, 4) === 0x2112a442 || u32(bytes, 6) === 0x2112a442

/** A hard reset behind its length (OpenVPN over TCP). */
export function openvpnStream({ bytes }: StreamView): Sight {
  if (bytes.length < 3) return more(3)
  const length = u16(bytes, 0)
  if (length < 14 || length > 1200 || ![7, 8, 10].includes(u8(bytes, 2) >> 3)) return 'no'
  if (bytes.length < 2 + length) return more(2 + length)
  return isOpenvpnReset(bytes.subarray(2, 2 + length)) ? found('openvpn', 2, 9, 'OpenVPN hard reset') : 'no'
}
