import { found, type Found } from '../identify/identification.ts'
import { latin1, startsWith, u16, u24, u32, u8 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'
import { berLength } from '../stream/asn1.ts'

/** RFC 5905 §7.3: time packets of 48 octets with or without keys, and control packets of RFC 9327. */
export function ntp({ bytes }: DatagramView): Found | null {
  const [version, mode] = [(u8(bytes, 0) >> 3) & 7, u8(bytes, 0) & 7]
  if (version < 1 || version > 4 || mode === 0) return null
  if (mode === 6) {
    const isControl =
      bytes.length >= 12 && (u8(bytes, 1) & 0x1f) <= 12 && u16(bytes, 10) <= bytes.length - 12 && u16(bytes, 8) === 0
    return isControl && u16(bytes, 10) + 16 > bytes.length
      ? found('ntp', 0, 12, 'NTP control message', { confidence: 'medium' })
      : null
  }
  if (mode === 7) {
    const isPrivate =
      bytes.length >= 8 && bytes.length <= 512 && u8(bytes, 2) <= 3 && u8(bytes, 3) <= 50 && u16(bytes, 6) <= 500
    const items = (u16(bytes, 4) & 0xfff) * (u16(bytes, 6) & 0xfff)
    const isWhole = items > 0 ? bytes.length === 8 + items : [8, 48, 192].includes(bytes.length)
    return isPrivate && isWhole ? found('ntp', 0, 8, 'NTP private message', { confidence: 'low' }) : null
  }
  const isLong = NTP_LENGTHS.includes(bytes.length) || (version === 4 && hasExtension(bytes))
  const precision = u8(bytes, 3)
  const isClock =
    u8(bytes, 1) <= 16 && (u8(bytes, 2) <= 17 || u8(bytes, 2) >= 0xfa) && (precision >= 0xc0 || precision <= 0x20)
  // Root delay and dispersion are seconds: whole days of them are no clock.
  const isNear = u16(bytes, 4) < 256 && u16(bytes, 8) < 1024
  return isLong && isClock && isNear
    ? found('ntp', 0, 48, 'NTP packet', { confidence: bytes.length === 48 ? 'high' : 'medium' })
    : null
}

/** Alone, or with a key id and a digest of MD5, SHA-1 or SHA-256. */
const NTP_LENGTHS: readonly number[] = [48, 52, 68, 72, 84]

/** RFC 7822: an extension field of 16 octets or more, registered among the low types, that fits. */
function hasExtension(bytes: Uint8Array): boolean {
  const length = u16(bytes, 50)
  return length >= 16 && length % 4 === 0 && 48 + length <= bytes.length && (u8(bytes, 48) & 0x3f) <= 5
}

/** SNMP 1, 2c (RFC 3416) with a community, 3 (RFC 3412) with its header. */
export function snmp({ bytes }: DatagramView): Found | null {
  if (u8(bytes, 0) !== 0x30) return null
  const outer = berLength(bytes, 1)
  if (outer === null || u16(bytes, outer.start) !== 0x0201 || outer.start + outer.length > bytes.length + 3) return null
  const version = u8(bytes, outer.start + 2)
  const at = outer.start + 3
  const isV3 = version === 3 && u8(bytes, at) === 0x30
  const pdu = at + 2 + u8(bytes, at + 1)
  const isCommunity = version <= 1 && u8(bytes, at) === 4 && u8(bytes, pdu) >= 0xa0 && u8(bytes, pdu) <= 0xa8
  return isV3 || isCommunity ? found('snmp', 0, at, 'SNMP message') : null
}

const RADIUS_CODES: readonly number[] = [1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45]

/** A length that is the datagram's, and attributes (RFC 2865 §3): the first must be sound, all of them make it certain. */
export function radius({ bytes }: DatagramView): Found | null {
  const length = u16(bytes, 2)
  if (length < 20 || length > 4096 || length > bytes.length || !RADIUS_CODES.includes(u8(bytes, 0))) return null
  if (length !== bytes.length) return null
  let at = 20
  while (at < length && u8(bytes, at + 1) >= 2 && u8(bytes, at) !== 0) at += u8(bytes, at + 1)
  if (at === length) return found('radius', 0, 20, 'RADIUS packet')
  const isSound = u8(bytes, 20) !== 0 && u8(bytes, 21) >= 2 && 20 + u8(bytes, 21) < length && length >= 64
  return isSound ? found('radius', 0, 22, 'RADIUS header', { confidence: 'medium' }) : null
}

const TFTP_MODES: readonly string[] = ['octet', 'netascii', 'mail']

/** A request names a file and a mode (RFC 1350 §5); what follows from another port is told only by its first block. */
export function tftp({ bytes }: DatagramView): Found | null {
  const opcode = u16(bytes, 0)
  if (opcode === 1 || opcode === 2) {
    const nameEnd = bytes.indexOf(0, 2)
    const modeEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1)
    if (nameEnd < 3 || modeEnd < 0 || nameEnd > 512) return null
    const isMode = TFTP_MODES.includes(latin1(bytes, nameEnd + 1, modeEnd).toLowerCase())
    return isMode ? found('tftp', 0, modeEnd + 1, 'TFTP request') : null
  }
  if (opcode === 3 && u16(bytes, 2) === 1 && bytes.length === 516) {
    return found('tftp', 0, 4, 'first TFTP block', { confidence: 'medium' })
  }
  const isError = opcode === 5 && u16(bytes, 2) <= 8 && bytes.length > 6 && bytes.at(-1) === 0
  if (isError && /^[\x20-\x7e]+$/.test(latin1(bytes, 4, bytes.length - 1))) {
    return found('tftp', 0, 4, 'TFTP error', { confidence: 'medium' })
  }
  if (opcode === 6 && /^(blksize|tsize|timeout|windowsize)\0\d+\0/i.test(latin1(bytes, 2, 64))) {
    return found('tftp', 0, 4, 'TFTP options')
  }
  return opcode === 4 && bytes.length === 4 && u16(bytes, 2) <= 1
    ? found('tftp', 0, 4, 'TFTP acknowledgement', { confidence: 'low' })
    : null
}

/** The resolver's magic before every answer (DNSCrypt protocol §5); queries look random. */
export function dnscrypt({ bytes }: DatagramView): Found | null {
  return startsWith(bytes, 'r6fnvWj8') === true ? found('dnscrypt', 0, 8, 'DNSCrypt answer') : null
}

/** BOOTP with DHCP's cookie (RFC 2131 §3). */
export function dhcp({ bytes }: DatagramView): Found | null {
  const isDhcp = u8(bytes, 0) >= 1 && u8(bytes, 0) <= 2 && u32(bytes, 236) === 0x63825363
  return isDhcp ? found('dhcp', 236, 4, 'DHCP cookie') : null
}

/** Name service of NetBIOS: a name of 32 letters A to P (RFC 1002 §4.2). */
export function netbios({ bytes }: DatagramView): Found | null {
  if (bytes.length < 50 || u8(bytes, 12) !== 32 || u16(bytes, 4) + u16(bytes, 6) === 0) return null
  const isEncoded = bytes.subarray(13, 45).every((octet) => octet >= 0x41 && octet <= 0x50)
  return isEncoded ? found('netbios', 12, 33, 'NetBIOS name') : null
}

/** Two letters of a language, in version 1 at a fixed place. */
const isLetter = (octet: number): boolean => octet >= 0x61 && octet <= 0x7a

/** Service Location Protocol 1 and 2 (RFC 2165 §4.2, RFC 2608 §8). */
export function serviceLocation({ bytes }: DatagramView): Found | null {
  const [version, kind] = [u8(bytes, 0), u8(bytes, 1)]
  const isSecond = version === 2 && kind >= 1 && kind <= 11 && u24(bytes, 2) === bytes.length && bytes.length >= 16
  const isFirst =
    version === 1 &&
    kind >= 1 &&
    kind <= 10 &&
    u16(bytes, 2) === bytes.length &&
    u8(bytes, 5) === 0 &&
    u24(bytes, 4) < 0x200000 &&
    isLetter(u8(bytes, 6)) &&
    isLetter(u8(bytes, 7))
  return isSecond || isFirst ? found('slp', 0, 12, 'SLP header') : null
}

/** Numbers of options that are registered (RFC 7252 §12.2, and those of later ones). */
const COAP_OPTIONS: ReadonlySet<number> = new Set([
  1, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 19, 20, 21, 23, 27, 28, 31, 35, 39, 60, 252, 258, 292,
])

/** Constrained Application Protocol (RFC 7252 §3): a request or an answer whose token and options add up. */
export function coap({ bytes }: DatagramView): Found | null {
  const [first, code] = [u8(bytes, 0), u8(bytes, 1)]
  const tokenLength = first & 15
  const isCode = (code >= 1 && code <= 7) || code === 0x45 || code === 0x44 || code === 0x84
  if (bytes.length < 8 || first >> 6 !== 1 || tokenLength > 8 || !isCode) return null
  let at = 4 + tokenLength
  let number = 0
  for (let options = 0; at < bytes.length && u8(bytes, at) !== 0xff; options++) {
    const [delta, length] = [u8(bytes, at) >> 4, u8(bytes, at) & 15]
    if (delta > 13 || length > 13 || options > 32) return null
    at++
    number += delta === 13 ? 13 + u8(bytes, at++) : delta
    at += length === 13 ? 13 + u8(bytes, at++) : length
    if (!COAP_OPTIONS.has(number)) return null
  }
  return at <= bytes.length && number > 0
    ? found('coap', 0, 4, 'CoAP header and options', { confidence: 'medium' })
    : null
}
