import { found, more, type Sight } from '../identify/identification.ts'
import { indexOf, latin1, startsWith, u16, u24, u32, u8 } from '../identify/octets.ts'
import type { StreamRecogniser, StreamView } from '../identify/recogniser.ts'
import { hostName } from '../tls/server-name.ts'
import { isPrintable } from './printable.ts'

/** A protocol that begins with fixed octets, of either side. */
function magic(protocol: string, texts: readonly string[], what: string): StreamRecogniser {
  return ({ bytes }) => {
    let open = false
    for (const text of texts) {
      const begins = startsWith(bytes, text)
      if (begins === true) return found(protocol, 0, text.length, what)
      open ||= begins === null
    }
    return open ? more(bytes.length + 1) : 'no'
  }
}

/** RFC 4253 §4.2. */
export const ssh: StreamRecogniser = magic('ssh', ['SSH-2.0-', 'SSH-1.'], 'SSH identification string')
/** BEP 3. */
export const bittorrent: StreamRecogniser = magic('bittorrent', ['\x13BitTorrent protocol'], 'BitTorrent handshake')
/** RFC 6143 §7.1.1. */
export const vnc: StreamRecogniser = magic('vnc', ['RFB 003.', 'RFB 004.', 'RFB 005.'], 'RFB version')

/** IKE over TCP (RFC 9329 §4). */
export const ike: StreamRecogniser = magic('ipsec', ['IKETCP'], 'stream prefix of IKE over TCP')

/** RFC 6120 §4.2: a stream header, with or without an XML declaration. The name is the stream's `to`. */
export function xmpp({ bytes }: StreamView): Sight {
  const begins = ['<?xml', '<stream:stream', ...STANZAS].map((text) => startsWith(bytes, text))
  if (begins.every((known) => known === false)) return 'no'
  const text = latin1(bytes, 0, 2048)
  if (begins.slice(2).includes(true)) return stanza(text)
  const header = /^(?:<\?xml[^>]*>\s*)?<stream:stream([^>]*)>/.exec(text)
  if (header === null) {
    const isOpen = /^<[^>]*$|^<\?xml[^>]*>\s*(?:<|<s[^>]*)?$/.test(text)
    return bytes.length < 2048 && isOpen ? more(bytes.length + 1) : 'no'
  }
  const to = / to=["']([^"']*)["']/.exec(header[1]!)?.[1]
  const at = header[0].lastIndexOf('<stream:stream')
  return found('xmpp', at, 14, 'XMPP stream header', { name: to === undefined ? null : hostName(to) })
}

const STANZAS: readonly string[] = ['<iq ', '<message ', '<presence ', '<presence>']

/** On a stream whose beginning was missed: a stanza by its element and an attribute that stanzas have (RFC 6120 §8.1). */
function stanza(text: string): Sight {
  const end = text.indexOf('>')
  if (end < 0) return text.length >= 2048 ? 'no' : more(text.length + 1)
  const tag = text.slice(0, end)
  const isStanza = tag === '<presence' || / (to|from|id|type|xml:lang)=["']/.test(tag)
  return isStanza ? found('xmpp', 0, end, 'XMPP stanza', { confidence: 'medium' }) : 'no'
}

/** SMB 1 (ff), 2 and 3 (fe), encrypted (fd) and compressed (fc) behind a NetBIOS header (MS-SMB2 §2.1, RFC 1002 §4.3). */
export function smb({ bytes }: StreamView): Sight {
  const type = u8(bytes, 0)
  if (bytes.length > 0 && type === 0x81) return sessionRequest(bytes)
  if (bytes.length > 0 && type !== 0) return 'no'
  if (bytes.length < 8) return bytes.length > 4 && u8(bytes, 4) < 0xfc ? 'no' : more(8)
  const isSmb = u8(bytes, 4) >= 0xfc && startsWith(bytes, 'SMB', 5) === true && u24(bytes, 1) >= 32
  return isSmb ? found('smb', 4, 4, 'SMB header') : 'no'
}

function sessionRequest(bytes: Uint8Array): Sight {
  if (bytes.length < 5) return more(5)
  return u8(bytes, 4) === 32 && u16(bytes, 2) >= 68 && u16(bytes, 2) <= 72 && u8(bytes, 1) === 0
    ? found('smb', 0, 5, 'NetBIOS session request', { confidence: 'medium' })
    : 'no'
}

/** X.224 connection request or confirm with RDP's cookie or negotiation (MS-RDPBCGR §2.2.1.1). */
export function rdp({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 3) return 'no'
  if (bytes.length > 1 && u8(bytes, 1) !== 0) return 'no'
  if (bytes.length < 11) return more(11)
  const length = u16(bytes, 2)
  const kind = u8(bytes, 5)
  const isConnect = (kind === 0xe0 || kind === 0xd0) && u8(bytes, 4) === length - 5 && length >= 11 && length < 1024
  if (!isConnect) return 'no'
  if (length === 11) return found('rdp', 0, 11, 'X.224 connection without parameters', { confidence: 'medium' })
  if (bytes.length < length) return more(length)
  const cookie = startsWith(bytes, 'Cookie: ', 11) === true
  // Correlation information may come behind it.
  const isNegotiation = (at: number): boolean => u16(bytes, at + 2) === 0x0800 && [1, 2, 3].includes(u8(bytes, at))
  const negotiation = length >= 19 && (isNegotiation(length - 8) || isNegotiation(11))
  return cookie || negotiation ? found('rdp', 0, length, 'RDP negotiation') : 'no'
}

/** Option negotiation (RFC 854, RFC 855): IAC, a command, an option that is registered. */
export function telnet({ bytes }: StreamView): Sight {
  const first = u8(bytes, 0)
  if (bytes.length > 0 && first !== 255) return 'no'
  if (bytes.length < 3) return more(3)
  const command = u8(bytes, 1)
  const option = u8(bytes, 2)
  const isNegotiation = command >= 250 && command <= 254 && (option <= 50 || option >= 138)
  return isNegotiation ? found('telnet', 0, 3, 'Telnet option negotiation') : 'no'
}

/** A VERSIONS cell of Tor's link protocol outside TLS: circuit id 0, command 7 (tor-spec, "Negotiating versions"). */
export function tor({ bytes }: StreamView): Sight {
  const prefix = [0, 0, 7, 0]
  for (let at = 0; at < Math.min(4, bytes.length); at++) if (bytes[at] !== prefix[at]) return 'no'
  if (bytes.length < 5) return more(5)
  const length = u8(bytes, 4)
  if (length < 2 || length > 16 || length % 2 !== 0) return 'no'
  if (bytes.length < 5 + length) return more(5 + length)
  for (let at = 5; at < 5 + length; at += 2) if (u16(bytes, at) < 1 || u16(bytes, at) > 9) return 'no'
  return found('tor', 0, 5 + length, 'Tor VERSIONS cell')
}

/** SOCKS 4 and 4a: version, command, port, address, user, and a name behind an address 0.0.0.x. */
export function socks4({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 4) return 'no'
  if (bytes.length > 1 && u8(bytes, 1) !== 1 && u8(bytes, 1) !== 2) return 'no'
  if (bytes.length < 9) return more(9)
  const userEnd = indexOf(bytes.subarray(0, 8 + 256), 0, 8)
  if (!isPrintable(bytes, 8, userEnd < 0 ? Math.min(bytes.length, 264) : userEnd) || u16(bytes, 2) === 0) return 'no'
  if (userEnd < 0) return bytes.length >= 264 ? 'no' : more(bytes.length + 1)
  const isNamed = u32(bytes, 4) < 256 && u32(bytes, 4) > 0
  const isHost = u8(bytes, 4) > 0 && u8(bytes, 4) < 224 && u8(bytes, 7) > 0
  if (!isNamed && !isHost) return 'no'
  if (!isNamed)
    return found('socks', 0, userEnd + 1, 'SOCKS 4 request', { name: [4, 5, 6, 7].map((i) => bytes[i]).join('.') })
  const end = indexOf(bytes.subarray(0, userEnd + 257), 0, userEnd + 1)
  if (end < 0) return bytes.length >= userEnd + 257 ? 'no' : more(bytes.length + 1)
  const name = hostName(latin1(bytes, userEnd + 1, end))
  return found('socks', 0, end, 'SOCKS 4a request', { name, problem: name === null ? 'malformed-server-name' : null })
}

/** RFC 1928 §3. The destination follows only after the proxy's answer, so there is no name yet. */
export function socks5({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 5) return 'no'
  if (bytes.length < 3) return bytes.length > 1 && (u8(bytes, 1) === 0 || u8(bytes, 1) > 10) ? 'no' : more(3)
  const count = u8(bytes, 1)
  if (count === 0 || count > 10) return 'no'
  if (bytes.length < 2 + count) return more(2 + count)
  const methods = bytes.subarray(2, 2 + count)
  const areKnown = methods.every((method) => method <= 9 || method >= 0x80) && new Set(methods).size === count
  const isUsual = methods.includes(0) || methods.includes(2) || methods.includes(1)
  return areKnown && isUsual ? found('socks', 0, 2 + count, 'SOCKS 5 methods', { confidence: 'medium' }) : 'no'
}
