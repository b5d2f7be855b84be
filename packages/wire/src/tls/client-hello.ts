import { latin1, u16, u24, u8 } from '../identify/octets.ts'
import type { NameProblem } from '../identify/identification.ts'
import { readServerName } from './server-name.ts'

/** What a ClientHello says, as far as filtering needs it. Numbers are in the order of the wire, GREASE included. */
export type ClientHello = {
  readonly legacyVersion: number
  readonly cipherSuites: readonly number[]
  readonly extensions: readonly number[]
  readonly supportedVersions: readonly number[]
  readonly signatureAlgorithms: readonly number[]
  readonly serverName: string | null
  readonly nameProblem: NameProblem | null
  readonly alpn: readonly string[]
  /** RFC 9849: 0 is the outer hello (or GREASE, which looks the same by design). */
  readonly hasEch: boolean
}

export const EXTENSION = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
  quicParameters: 57,
  encryptedServerName: 0xffce,
  encryptedClientHello: 0xfe0d,
} as const

type Reading = { -readonly [K in keyof ClientHello]: ClientHello[K] } & { names: number }

/**
 * Body of a ClientHello without the 4 octets of handshake header (RFC 8446 §4.1.2). Null when it is none. `datagrams` is DTLS,
 * whose hello carries a cookie (RFC 6347 §4.2.1).
 */
export function parseClientHello(body: Uint8Array, datagrams = false): ClientHello | null {
  let at = 2 + 32
  at += 1 + u8(body, at)
  if (datagrams) at += 1 + u8(body, at)
  const suitesEnd = at + 2 + u16(body, at)
  if (suitesEnd >= body.length || (suitesEnd - at) % 2 !== 0 || suitesEnd - at < 4) return null
  const reading: Reading = {
    legacyVersion: u16(body, 0),
    cipherSuites: u16List(body, at + 2, suitesEnd),
    extensions: [],
    supportedVersions: [],
    signatureAlgorithms: [],
    serverName: null,
    nameProblem: null,
    alpn: [],
    hasEch: false,
    names: 0,
  }
  at = suitesEnd + 1 + u8(body, suitesEnd)
  if (at > body.length) return null
  if (at + 2 <= body.length && !readExtensions(body, at + 2, at + 2 + u16(body, at), reading)) return null
  const { names, ...hello } = reading
  if (names > 1) return { ...hello, serverName: null, nameProblem: 'doubled-server-name' }
  return hello
}

/** False when lengths do not add up. */
function readExtensions(body: Uint8Array, start: number, end: number, reading: Reading): boolean {
  if (end > body.length) return false
  let at = start
  const types: number[] = []
  while (at + 4 <= end) {
    const type = u16(body, at)
    const next = at + 4 + u16(body, at + 2)
    if (next > end) return false
    types.push(type)
    readExtension(type, body.subarray(at + 4, next), reading)
    at = next
  }
  reading.extensions = types
  return at === end
}

function readExtension(type: number, data: Uint8Array, reading: Reading): void {
  switch (type) {
    case EXTENSION.serverName: {
      // RFC 6066 §3 and RFC 8446 §4.2: a second server_name is smuggling, so no name is taken.
      reading.names++
      const { name, problem, count } = readServerName(data)
      if (count > 1) reading.names += count
      reading.serverName = name
      reading.nameProblem ??= problem
      return
    }
    case EXTENSION.signatureAlgorithms:
      reading.signatureAlgorithms = u16List(data, 2, data.length)
      return
    case EXTENSION.supportedVersions:
      reading.supportedVersions = u16List(data, 1, data.length)
      return
    case EXTENSION.alpn:
      reading.alpn = readAlpn(data)
      return
    case EXTENSION.encryptedClientHello:
      reading.hasEch = true
      return
    default:
      if (type === EXTENSION.encryptedServerName) reading.hasEch = true
  }
}

function readAlpn(data: Uint8Array): string[] {
  const words: string[] = []
  for (let at = 2; at < data.length; at += 1 + u8(data, at)) {
    const end = at + 1 + u8(data, at)
    if (end > data.length) break
    words.push(latin1(data, at + 1, end))
  }
  return words
}

function u16List(bytes: Uint8Array, start: number, end: number): number[] {
  const values: number[] = []
  for (let at = start; at + 2 <= end; at += 2) values.push(u16(bytes, at))
  return values
}

/** Length of the handshake message with its header, or null when the octets begin no ClientHello. */
export function clientHelloLength(message: Uint8Array): number | null {
  return u8(message, 0) === 1 ? 4 + u24(message, 1) : null
}
