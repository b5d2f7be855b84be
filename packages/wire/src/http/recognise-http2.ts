import { found, more, type Found, type NameProblem, type Sight } from '../identify/identification.ts'
import { concat, startsWith, u24, u32, u8 } from '../identify/octets.ts'
import { decodeHeaderBlock, type Field } from './hpack.ts'
import { hostOfAuthority } from './host-of-request.ts'

/** RFC 9113 §3.4. */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const FRAME = { headers: 1, settings: 4, continuation: 9 } as const
const FLAG = { endHeaders: 4, padded: 8, priority: 0x20 } as const

/** A client's connection preface and its first request (RFC 9113). */
export function recogniseHttp2(bytes: Uint8Array): Sight {
  const begins = startsWith(bytes, PREFACE)
  if (begins === false) return 'no'
  if (begins === null) return more(bytes.length + 1)
  const preface = found('http2', 0, PREFACE.length, 'HTTP/2 preface', { problem: 'incomplete-handshake' })
  const parts: Uint8Array[] = []
  let at = PREFACE.length
  for (;;) {
    if (bytes.length < at + 9) return more(at + 9, preface)
    const [type, flags, end] = [u8(bytes, at + 3), u8(bytes, at + 4), at + 9 + u24(bytes, at)]
    if (type === FRAME.headers || type === FRAME.continuation) {
      if (bytes.length < end) return more(end, preface)
      const payload = bytes.subarray(at + 9, end)
      parts.push(type === FRAME.headers ? withoutPadding(payload, flags) : payload)
      if ((flags & FLAG.endHeaders) !== 0) return foundRequest(decodeHeaderBlock(concat(parts)))
    }
    at = end
  }
}

/** The server's first frame is SETTINGS on stream 0; it may come before the client's request, or before the client speaks (RFC 9113 §3.4). */
export function recogniseHttp2Server(bytes: Uint8Array): Sight {
  if (bytes.length < 9) {
    const prefix = [0, 0, null, FRAME.settings, 0, 0, 0, 0, 0]
    return bytes.some((octet, at) => prefix[at] !== null && prefix[at] !== octet) ? 'no' : more(9)
  }
  const length = u24(bytes, 0)
  const isSettings = u8(bytes, 3) === FRAME.settings && u8(bytes, 4) === 0 && u32(bytes, 5) === 0
  return isSettings && length % 6 === 0 && length <= 240
    ? more(Infinity, found('http2', 0, 9, 'HTTP/2 SETTINGS frame', { confidence: 'medium' }))
    : 'no'
}

function withoutPadding(payload: Uint8Array, flags: number): Uint8Array {
  const padding = (flags & FLAG.padded) === 0 ? 0 : u8(payload, 0)
  const start = ((flags & FLAG.padded) === 0 ? 0 : 1) + ((flags & FLAG.priority) === 0 ? 0 : 5)
  return payload.subarray(start, Math.max(start, payload.length - padding))
}

function foundRequest(fields: readonly Field[] | null): Found {
  const valuesOf = (name: string): string[] => (fields ?? []).filter((f) => f.name === name).map((f) => f.value)
  const authorities = [...new Set([...valuesOf(':authority'), ...valuesOf('host')])]
  const name = authorities.length === 1 ? hostOfAuthority(authorities[0]!) : null
  let problem: NameProblem | null = null
  if (authorities.length > 1) problem = 'doubled-server-name'
  else if (fields === null || (authorities.length === 1 && name === null)) problem = 'malformed-server-name'
  const isDoh = [...valuesOf('content-type'), ...valuesOf('accept')].includes('application/dns-message')
  const [method, path] = [valuesOf(':method')[0], valuesOf(':path')[0]]
  return found(isDoh ? 'doh' : 'http2', 0, PREFACE.length, 'HTTP/2 preface and request', {
    name,
    problem,
    request: method === undefined ? null : { method, path: path ?? '' },
  })
}
