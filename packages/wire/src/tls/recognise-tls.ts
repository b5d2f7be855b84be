import { found, more, type Found, type HandshakeCrypto, type Sight } from '../identify/identification.ts'
import { concat, u16, u24, u8 } from '../identify/octets.ts'
import { clientHelloLength, parseClientHello, type ClientHello } from './client-hello.ts'
import { ja4 } from './ja4.ts'

const HANDSHAKE = 22
// RFC 8446 §5.2: 2^14 octets and 256 of expansion; RFC 5246 allowed 2048.
const LONGEST_RECORD = 16384 + 2048

/** What the two sides of TLS 1.0 to 1.3 over a stream begin with, and SSL 2 hellos (RFC 5246 §E.2). */
export function recogniseTls(bytes: Uint8Array, ciphers: HandshakeCrypto | null): Sight {
  if (bytes.length === 0) return more(1)
  const type = u8(bytes, 0)
  if (type >= 0x80) return recogniseSsl2(bytes)
  if (type < 20 || type > 24) return 'no'
  if (bytes.length >= 2 && u8(bytes, 1) !== 3) return 'no'
  if (bytes.length >= 3 && u8(bytes, 2) > 4) return 'no'
  if (bytes.length < 5) return more(5)
  const length = u16(bytes, 3)
  if (length === 0 || length > LONGEST_RECORD) return 'no'
  if (type === HANDSHAKE) return recogniseHandshake(bytes, ciphers)
  if (type === 21) return length === 2 || length >= 18 ? wholeRecord(bytes, length, 'TLS alert') : 'no'
  if (type === 20 && length === 1) return wholeRecord(bytes, length, 'TLS change cipher spec')
  return type === 23 ? wholeRecord(bytes, length, 'TLS application data') : 'no'
}

/** A record that is no handshake says TLS only when it is whole and plausible: a capture may begin in the middle. */
function wholeRecord(bytes: Uint8Array, length: number, what: string): Sight {
  const end = 5 + length
  if (bytes.length < end)
    return more(end, what.endsWith('data') ? null : found('tls', 0, 5, what, { confidence: 'low' }))
  return found('tls', 0, 5, what, { confidence: 'medium' })
}

function recogniseHandshake(bytes: Uint8Array, ciphers: HandshakeCrypto | null): Sight {
  const { message, needed } = joinRecords(bytes)
  if (message === null) return 'no'
  if (message.length === 0) return more(6)
  const begun = found('tls', 0, Math.min(bytes.length, 6), 'TLS handshake record', {
    confidence: 'medium',
    problem: 'incomplete-handshake',
  })
  const type = u8(message, 0)
  if (type === 1) {
    const length = clientHelloLength(message)!
    if (message.length >= 4 && length > 0x10000) return 'no'
    if (message.length < 4 || message.length < length) return more(needed, message.length < 6 ? null : begun)
    const hello = parseClientHello(message.subarray(4, length))
    if (hello === null) return malformedHello(message.subarray(0, length))
    return foundHello('tls', hello, bytes.length < 9 ? bytes.length : 9, 't', ciphers)
  }
  if (type !== 2) return plausibleLater(type, message, needed)
  if (message.length < 40) return more(needed)
  // RFC 8446 §4.1.3: version, random, session id of at most 32.
  const isHello = u16(message, 4) >> 8 === 3 && u8(message, 38) <= 32
  // In a capture it may stand before the rest of the hello that it answers.
  return isHello ? more(Infinity, found('tls', 0, 45, 'TLS ServerHello')) : 'no'
}

/** A hello that cannot be read has no name, so no rule that needs one allows it. */
const malformedHello = (message: Uint8Array): Sight =>
  u8(message, 4) === 3 && message.length >= 42
    ? found('tls', 0, 9, 'malformed ClientHello', { confidence: 'medium', problem: 'malformed-handshake' })
    : 'no'

/** A capture that misses the hello may begin with a certificate or a key exchange. */
function plausibleLater(type: number, message: Uint8Array, needed: number): Sight {
  if (message.length < 4) return more(needed)
  if (![0, 11, 12, 13, 14, 16, 20, 22].includes(type) || u24(message, 1) > 0x20000) return encrypted(message, needed)
  return found('tls', 0, 9, 'TLS handshake message', { confidence: 'low' })
}

const encrypted = (message: Uint8Array, needed: number): Sight =>
  message.length >= 16 ? found('tls', 0, 5, 'encrypted TLS handshake record', { confidence: 'low' }) : more(needed)

/**
 * The handshake octets of consecutive records, and how many octets of the stream the next step needs at least. `message` is
 * null when a record is of another type or empty before the message is complete.
 */
function joinRecords(bytes: Uint8Array): { message: Uint8Array | null; needed: number } {
  const parts: Uint8Array[] = []
  let total = 0
  let length = Infinity
  for (let at = 0; at < bytes.length;) {
    if (bytes.length < at + 5) return { message: concat(parts), needed: at + 5 }
    const recordLength = u16(bytes, at + 3)
    if (u8(bytes, at) !== HANDSHAKE || recordLength === 0 || recordLength > LONGEST_RECORD) {
      return { message: total > 0 ? completeOrNull(concat(parts)) : null, needed: at + 5 }
    }
    parts.push(bytes.subarray(at + 5, at + 5 + recordLength))
    total += Math.min(recordLength, bytes.length - at - 5)
    at += 5 + recordLength
    if (total >= 4 && length === Infinity) length = neededOf(concat(parts))
    // Only hellos are joined: a message of another type is judged by its first record.
    if (total >= length || (total > 0 && ![1, 2].includes(u8(bytes, 5)))) break
  }
  return { message: concat(parts), needed: bytes.length + Math.max(1, length === Infinity ? 1 : length - total) }
}

const neededOf = (message: Uint8Array): number => (u8(message, 0) === 1 ? 4 + u24(message, 1) : 40)

/** Other records after a whole message are none of its business; inside it they are an error (RFC 8446 §5.1). */
function completeOrNull(message: Uint8Array): Uint8Array | null {
  return message.length >= 4 && message.length >= neededOf(message) ? message : null
}

function recogniseSsl2(bytes: Uint8Array): Sight {
  if (bytes.length < 11) return bytes.length > 2 && u8(bytes, 2) !== 1 ? 'no' : more(11)
  const [suites, session, challenge] = [u16(bytes, 5), u16(bytes, 7), u16(bytes, 9)]
  const version = u16(bytes, 3)
  const isHello =
    u8(bytes, 2) === 1 &&
    (version === 2 || (version >= 0x300 && version <= 0x303)) &&
    suites > 0 &&
    suites % 3 === 0 &&
    challenge >= 16 &&
    challenge <= 32 &&
    (u16(bytes, 0) & 0x7fff) === 9 + suites + session + challenge
  return isHello ? found('tls', 0, 11, 'SSL 2 client hello') : 'no'
}

/** The answer for a complete ClientHello of TLS, QUIC or DTLS. */
export function foundHello(
  protocol: string,
  hello: ClientHello,
  evidenceLength: number,
  transport: 't' | 'q' | 'd',
  ciphers: HandshakeCrypto | null,
): Found {
  const what = hello.serverName === null ? 'ClientHello' : 'ClientHello with server name'
  return found(hello.alpn.includes('dot') && protocol === 'tls' ? 'dot' : protocol, 0, evidenceLength, what, {
    name: hello.serverName,
    problem: hello.nameProblem,
    alpn: hello.alpn,
    ja4: !ciphers?.sha256 ? null : ja4(hello, transport, ciphers.sha256),
    ech: hello.hasEch ? 'outer' : null,
  })
}
