import { found, type Found } from '../identify/identification.ts'
import { latin1, startsWith, u16le, u32le, u8 } from '../identify/octets.ts'
import { hostName } from '../tls/server-name.ts'

const MOST_TAGS = 64

/**
 * Google's QUIC before the IETF's: a public header with a version like Q039 or Q046, and a hello in clear that lists tags, SNI
 * among them. Null when the datagram is none of it.
 */
export function recogniseGoogleQuic(bytes: Uint8Array): Found | null {
  const at = versionOffset(bytes)
  if (at === null) return foundAnswer(bytes)
  const hello = findHello(bytes)
  return foundTags(bytes, hello, latin1(bytes, at, at + 4), at)
}

/** A server names no version, and answers with tags as well, near the start of its first packet. */
function foundAnswer(bytes: Uint8Array): Found | null {
  if (bytes.length < 64 || (u8(bytes, 0) & 0xc0) !== 0) return null
  const start = latin1(bytes, 0, 96)
  const at = Math.max(start.indexOf('REJ\0'), start.indexOf('SHLO'))
  const count = u16le(bytes, at + 4)
  const isList = at >= 10 && count > 0 && count <= MOST_TAGS && u16le(bytes, at + 6) === 0
  return isList && /^[A-Z]{2,4}/.test(latin1(bytes, at + 8, at + 12))
    ? found('quic', at, 12, 'answer of Google QUIC', { problem: 'incomplete-handshake', confidence: 'medium' })
    : null
}

/** A hello of tags in the CRYPTO stream of a protected Initial (Q050); null where TLS is there instead. */
export function foundGoogleHello(stream: Uint8Array, version: number): Found | null {
  const text = String.fromCharCode(...[24, 16, 8, 0].map((shift) => (version >>> shift) & 0xff))
  return startsWith(stream, 'CHLO') === true ? foundTags(stream, 0, text, 1) : null
}

function foundTags(bytes: Uint8Array, hello: number, version: string, at: number): Found {
  const name = hello < 0 ? null : serverNameTag(bytes, hello)
  return found('quic', at, 4, `Google QUIC ${version}`, {
    name: name === null ? null : hostName(name),
    problem: name === null ? 'incomplete-handshake' : hostName(name) === null ? 'malformed-server-name' : null,
  })
}

function versionOffset(bytes: Uint8Array): number | null {
  if (bytes.length < 20) return null
  const flags = u8(bytes, 0)
  // Q044 to Q050 have the long header of the IETF; before them bit 0 says that a version is there, bit 3 a connection id.
  const candidates = flags >= 0x80 ? [1] : (flags & 1) === 0 ? [] : [(flags & 8) === 0 ? 1 : 9]
  for (const at of candidates) if (/^[QT]0[2-5]\d$/.test(latin1(bytes, at, at + 4))) return at
  return null
}

function findHello(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(0x43); at >= 0; at = bytes.indexOf(0x43, at + 1))
    if (startsWith(bytes, 'CHLO', at) === true) return at
  return -1
}

/** Tags are listed with the ends of their values, counted from the end of the list. */
function serverNameTag(bytes: Uint8Array, hello: number): string | null {
  const count = u16le(bytes, hello + 4)
  if (count > MOST_TAGS) return null
  const values = hello + 8 + count * 8
  let start = 0
  for (let tag = 0; tag < count; tag++) {
    const at = hello + 8 + tag * 8
    const end = u32le(bytes, at + 4)
    if (startsWith(bytes, 'SNI\0', at) === true) {
      return end > start && values + end <= bytes.length ? latin1(bytes, values + start, values + end) : null
    }
    start = end
  }
  return null
}
