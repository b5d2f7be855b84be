import { found, more, type Sight } from '../identify/identification.ts'
import { latin1, startsWith, u16, u32, u32le, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'
import { isPrintable } from './printable.ts'

/** Codes in place of a version: cancel, TLS, GSSAPI (PostgreSQL documentation, "Message Formats"). */
const POSTGRES_CODES: readonly number[] = [80877102, 80877103, 80877104]

export function postgres({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 0) return 'no'
  if (bytes.length < 8) return more(8)
  const [length, code] = [u32(bytes, 0), u32(bytes, 4)]
  if (POSTGRES_CODES.includes(code)) {
    return length === 8 || length === 16 ? found('postgres', 0, 8, 'PostgreSQL request code') : 'no'
  }
  if ((code !== 0x30000 && code !== 0x30002) || length < 9 || length > 10_000) return 'no'
  if (bytes.length < 9) return more(9)
  // Without a parameter it is nine octets; where there are more, a Kafka request for metadata has the same number.
  const isStartup = u8(bytes, 8) >= 0x61 || (u8(bytes, 8) === 0 && length === 9)
  return isStartup ? found('postgres', 0, 8, 'PostgreSQL startup message') : 'no'
}

/** Authentication or an error, where the startup was missed (PostgreSQL documentation, "Message Formats"). */
export function postgresServer({ bytes }: StreamView): Sight {
  if (bytes.length === 0) return more(1)
  const type = u8(bytes, 0)
  if (type !== 0x52 && type !== 0x45) return 'no'
  if (bytes.length > 1 && u8(bytes, 1) !== 0) return 'no'
  if (bytes.length < 9) return more(9)
  const [length, code] = [u32(bytes, 1), u32(bytes, 5)]
  // No code past the SASL messages is assigned; a bare acceptance and the ask for a salted digest have fixed lengths.
  const isAsked =
    (code === 0 && length === 8) || (code === 5 && length === 12) || (code >= 10 && code <= 12 && length > 8)
  if (type === 0x52)
    return isAsked || (code === 3 && length === 8) ? found('postgres', 0, 9, 'PostgreSQL authentication') : 'no'
  if (bytes.length < 11) return more(11)
  const isError =
    length > 16 &&
    length < 8192 &&
    u8(bytes, 5) === 0x53 &&
    ['ERROR', 'FATAL', 'PANIC'].some((word) => startsWith(bytes, word, 6) !== false)
  return isError ? found('postgres', 0, 11, 'PostgreSQL error', { confidence: 'medium' }) : 'no'
}

/** The login of a client: protocol 4.1, then 19 octets that are zero (MySQL documentation, "HandshakeResponse41"). */
export function mysqlClient({ bytes }: StreamView): Sight {
  if (bytes.length > 3 && u8(bytes, 3) !== 1) return 'no'
  if (bytes.length < 32) return more(32)
  const length = u32le(bytes, 0) & 0xffffff
  const isZero = bytes.subarray(13, 32).every((octet) => octet === 0)
  const isLogin = length >= 32 && length < 4096 && (u32le(bytes, 4) & 0x200) !== 0 && u32le(bytes, 8) > 0
  return isZero && isLogin && u8(bytes, 12) !== 0 ? found('mysql', 0, 32, 'MySQL login') : 'no'
}

/** Greeting of protocol 10, or an error before it (MySQL internals, "Connection Phase"). */
export function mysql({ bytes }: StreamView): Sight {
  if (bytes.length > 2 && u8(bytes, 2) !== 0) return 'no'
  if (bytes.length > 3 && u8(bytes, 3) !== 0) return 'no'
  if (bytes.length < 5) return more(5)
  const length = u32le(bytes, 0) & 0xffffff
  const kind = u8(bytes, 4)
  if (kind === 0xff) {
    if (bytes.length < 9) return more(9)
    const code = u8(bytes, 5) | (u8(bytes, 6) << 8)
    return code >= 1000 && code < 4000 && length > 8 && length < 1024 && isPrintable(bytes, 7, 9)
      ? found('mysql', 0, 7, 'MySQL error', { confidence: 'medium' })
      : 'no'
  }
  if (kind !== 10 || length < 20 || length > 1024) return 'no'
  const end = bytes.subarray(0, 80).indexOf(0, 5)
  if (end < 0) return bytes.length >= 80 || !isPrintable(bytes, 5, bytes.length) ? 'no' : more(bytes.length + 1)
  return end > 7 && isPrintable(bytes, 5, end) && /^\d+\.\d/.test(latin1(bytes, 5, end))
    ? found('mysql', 0, end, 'MySQL greeting')
    : 'no'
}

/** An array of bulk strings (RESP), or the words that clients test with. */
export function redis({ bytes }: StreamView): Sight {
  if (startsWith(bytes, 'PING\r\n') === true) return found('redis', 0, 6, 'Redis PING')
  if (bytes.length < 5 && startsWith(bytes, 'PING\r\n') === null && bytes.length > 0) return more(bytes.length + 1)
  if (bytes.length > 0 && u8(bytes, 0) !== 0x2a) return startsWith(bytes, 'PING\r\n') === null ? more(6) : 'no'
  const text = latin1(bytes, 0, 16)
  if (/^\*\d{1,5}\r\n\$\d/.test(text)) return found('redis', 0, text.indexOf('$') + 1, 'RESP array')
  return /^(\*(\d{1,5}(\r(\n\$?)?)?)?)?$/.test(text) ? more(bytes.length + 1) : 'no'
}

/** Length, key, version, correlation, client id (Kafka protocol, "Request Header"). */
export function kafka({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 0) return 'no'
  if (bytes.length < 14) return more(14)
  const length = u32(bytes, 0)
  const [key, version, client] = [u16(bytes, 4), u16(bytes, 6), u16(bytes, 12)]
  if (length < 10 || length > 0x100000 || key > 92 || version > 20 || u32(bytes, 8) > 0x7fffffff) return 'no'
  // A null client id leaves little to tell by: only for what a client asks first, versions and metadata.
  if (client === 0xffff)
    return (key === 18 || key === 3) && length <= 64
      ? found('kafka', 0, 14, 'Kafka request header without client id', { confidence: 'low' })
      : 'no'
  if (client > 255 || client + 10 > length || client === 0) return 'no'
  if (bytes.length < 14 + client) return more(14 + client)
  return isPrintable(bytes, 14, 14 + client)
    ? found('kafka', 0, 14 + client, 'Kafka request header', { confidence: 'medium' })
    : 'no'
}

const TDS_CLIENT_TYPES: readonly number[] = [0x01, 0x03, 0x10, 0x12]
const TDS_SERVER_TYPES: readonly number[] = [0x04, 0x12]

export const tdsClient = ({ bytes }: StreamView): Sight => tds(bytes, TDS_CLIENT_TYPES)
export const tdsServer = ({ bytes }: StreamView): Sight => tds(bytes, TDS_SERVER_TYPES)

/** Prelogin, login and the server's table of options (MS-TDS §2.2.3.1). */
function tds(bytes: Uint8Array, types: readonly number[]): Sight {
  const type = u8(bytes, 0)
  if (bytes.length > 0 && !types.includes(type)) return 'no'
  // End of message, reset of the connection (MS-TDS §2.2.3.1.2).
  if (bytes.length > 1 && (u8(bytes, 1) & 0xe6) !== 0) return 'no'
  if (bytes.length < 13) return more(13)
  const length = u16(bytes, 2)
  if (length < 13 || length > 32768 || u8(bytes, 7) !== 0 || u8(bytes, 6) > 1) return 'no'
  if (type === 0x10) return tdsLogin(bytes, length)
  if (type === 0x03) return tdsCall(bytes, length)
  if (type === 0x01) return tdsBatch(bytes, length)
  // The first option is the version: token 0, its offset behind the list, six octets.
  const isPrelogin = u8(bytes, 8) === 0 && u16(bytes, 9) < length && u16(bytes, 11) === 6 && u16(bytes, 9) % 5 === 1
  if (isPrelogin) return found('mssql', 0, 13, 'TDS prelogin')
  const isToken =
    type === 4 && u8(bytes, 1) === 1 && [0xaa, 0xab, 0xad, 0xe3, 0x81, 0xfd, 0xfe, 0xff].includes(u8(bytes, 8))
  return isToken ? found('mssql', 0, 9, 'TDS table response', { confidence: 'medium' }) : 'no'
}

function tdsLogin(bytes: Uint8Array, length: number): Sight {
  if (bytes.length < 16) return more(16)
  const major = u8(bytes, 15)
  return u32le(bytes, 8) <= length * 8 && major >= 0x70 && major <= 0x74 ? found('mssql', 0, 16, 'TDS login') : 'no'
}

/** A call names its procedure by length and UTF-16, or by a number behind 0xffff (MS-TDS §2.2.6.6). */
function tdsCall(bytes: Uint8Array, length: number): Sight {
  const needed = Math.min(length, 48)
  if (bytes.length < needed) return more(needed)
  const at = 8 + (u32le(bytes, 8) === 22 ? 22 : 0)
  const name = u8(bytes, at) | (u8(bytes, at + 1) << 8)
  let isCall = name > 0 && name <= 256
  if (name === 0xffff) isCall = u8(bytes, at + 2) >= 1 && u8(bytes, at + 2) <= 20 && u8(bytes, at + 3) === 0
  else
    for (let char = at + 2; char + 1 < Math.min(needed, at + 2 + name * 2); char += 2)
      isCall &&= u8(bytes, char) >= 0x20 && u8(bytes, char + 1) === 0
  return isCall ? found('mssql', 0, needed, 'TDS remote call', { confidence: 'medium' }) : 'no'
}

/** TDS 7.2 and later put a header list before the text; then it is UTF-16, whose high octets are 0. */
function tdsBatch(bytes: Uint8Array, length: number): Sight {
  const needed = Math.min(length, 40)
  if (bytes.length < needed) return more(needed)
  const headers = u32le(bytes, 8) === 22 ? 22 : 0
  let zeros = 0
  for (let at = 8 + headers + 1; at < needed; at += 2) zeros += u8(bytes, at) === 0 ? 1 : 0
  const pairs = Math.floor((needed - 8 - headers) / 2)
  return pairs >= 4 && zeros === pairs ? found('mssql', 0, needed, 'TDS batch', { confidence: 'medium' }) : 'no'
}

/** Opcodes of the MongoDB wire protocol. */
const MONGO_OPCODES: readonly number[] = [1, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013]

export function mongodb({ bytes }: StreamView): Sight {
  // Most messages are short; the first one of a client is.
  if (bytes.length > 3 && u8(bytes, 3) > 0) return 'no'
  if (bytes.length < 16) return more(16)
  const length = u32le(bytes, 0)
  const opcode = u32le(bytes, 12)
  if (!MONGO_OPCODES.includes(opcode) || length < 20 || length > 48_000_000) return 'no'
  if (opcode !== 1) return found('mongodb', 0, 16, 'MongoDB message header')
  if (bytes.length < 36) return more(36)
  // Flags, where the cursor is, and how many documents follow.
  const isReply = u32le(bytes, 8) > 0 && length >= 36 && u32le(bytes, 16) < 16 && u32le(bytes, 32) * 5 <= length - 36
  const isPlain = u32le(bytes, 32) > 0 && u32le(bytes, 28) < 0x100000
  return isReply && isPlain ? found('mongodb', 0, 36, 'MongoDB reply', { confidence: 'medium' }) : 'no'
}
