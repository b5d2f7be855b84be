import { parseFields, type Field } from '../http1/fields.ts'
import { isMessageFailure, type MessageFailure } from '../http1/problems.ts'

export type IcapHead = { readonly status: number; readonly fields: readonly Field[] }

/** What an ICAP answer holds: heads as octets from the start, and whether a body in chunks follows them. */
export type Encapsulated = {
  readonly heads: readonly { readonly name: 'req-hdr' | 'res-hdr'; readonly start: number; readonly end: number }[]
  readonly hasBody: boolean
  /** Of all heads together. */
  readonly octets: number
}

const STATUS_LINE = /^ICAP\/1\.0 ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
/** Heads that a server gives back are as long as those it got, with some room. */
const MOST_HEAD_OCTETS = 262_144

/** The head of an answer (RFC 3507 §4.3), without its empty line, one character an octet. */
export function parseIcapHead(text: string): IcapHead | MessageFailure {
  const end = text.indexOf('\r\n')
  const match = STATUS_LINE.exec(end < 0 ? text : text.slice(0, end))
  if (match === null) return { problem: 'bad-status-line', offset: 0 }
  const fields = parseFields(text, end < 0 ? text.length : end + 2)
  return isMessageFailure(fields) ? fields : { status: Number(match[1]), fields }
}

/** `Encapsulated: res-hdr=0, res-body=213` (RFC 3507 §4.4.1); null when it is anything else. */
export function parseEncapsulated(value: string): Encapsulated | null {
  const parts = value
    .split(',')
    .map((part) => /^[ \t]*(req-hdr|res-hdr|req-body|res-body|opt-body|null-body)=(\d{1,9})[ \t]*$/.exec(part))
  if (parts.length > 3) return null
  const known: { name: string; start: number }[] = []
  for (const part of parts) {
    if (part === null) return null
    known.push({ name: part[1]!, start: Number(part[2]) })
  }
  const last = known.at(-1)!
  const heads: { name: 'req-hdr' | 'res-hdr'; start: number; end: number }[] = []
  for (const [at, { name, start }] of known.slice(0, -1).entries()) {
    const end = known[at + 1]!.start
    if ((name !== 'req-hdr' && name !== 'res-hdr') || end <= start || heads.some((head) => head.name === name))
      return null
    heads.push({ name, start, end })
  }
  const isSound = known[0]!.start === 0 && last.name.endsWith('-body') && last.start <= MOST_HEAD_OCTETS
  return isSound ? { heads, hasBody: last.name !== 'null-body', octets: last.start } : null
}

/** The head of a request of the client, and the heads that it is about. */
export function icapRequestText(request: {
  readonly method: 'REQMOD' | 'RESPMOD' | 'OPTIONS'
  readonly url: string
  readonly host: string
  readonly fields: readonly (readonly [string, string])[]
  readonly heads: readonly (readonly ['req-hdr' | 'res-hdr', string])[]
  readonly body: 'req-body' | 'res-body' | 'null-body'
}): string {
  let offset = 0
  const parts: string[] = []
  for (const [name, text] of request.heads) {
    parts.push(`${name}=${offset}`)
    offset += text.length
  }
  parts.push(`${request.body}=${offset}`)
  const lines = request.fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const encapsulated = request.method === 'OPTIONS' ? 'null-body=0' : parts.join(', ')
  return `${request.method} ${request.url} ICAP/1.0\r\nHost: ${request.host}\r\n${lines}Encapsulated: ${encapsulated}\r\n\r\n${request.heads.map(([, text]) => text).join('')}`
}
