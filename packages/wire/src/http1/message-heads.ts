import { parseFields, type Field } from './fields.ts'
import { isMessageFailure, type MessageFailure } from './problems.ts'

export type RequestHead = {
  readonly method: string
  readonly target: string
  /** HTTP/1.0 or 1.1. */
  readonly minor: 0 | 1
  readonly fields: readonly Field[]
}

export type ResponseHead = {
  readonly status: number
  readonly reason: string
  readonly minor: 0 | 1
  readonly fields: readonly Field[]
}

// RFC 9112 §3: one space between the parts, a token as method, no octet in the target that is not visible ASCII.
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]+) HTTP\/([0-9])\.([0-9])$/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/

/** A head without its empty line, one character an octet. Stricter than RFC 9112 wherever readers are known to differ. */
export function parseRequestHead(text: string): RequestHead | MessageFailure {
  const end = lineEnd(text)
  const match = REQUEST_LINE.exec(text.slice(0, end))
  if (match === null)
    return { problem: text.slice(0, end).includes('\r') ? 'bare-line-end' : 'bad-request-line', offset: 0 }
  const [, method, target, major, minor] = match
  if (major !== '1' || (minor !== '0' && minor !== '1')) return { problem: 'bad-version', offset: end - 3 }
  const fields = parseFields(text, end + 2)
  if (isMessageFailure(fields)) return fields
  return { method: method!, target: target!, minor: minor === '1' ? 1 : 0, fields }
}

export function parseResponseHead(text: string): ResponseHead | MessageFailure {
  const end = lineEnd(text)
  const match = STATUS_LINE.exec(text.slice(0, end))
  if (match === null) return { problem: 'bad-status-line', offset: 0 }
  const fields = parseFields(text, end + 2)
  if (isMessageFailure(fields)) return fields
  return { status: Number(match[2]), reason: match[3] ?? '', minor: match[1] === '1' ? 1 : 0, fields }
}

function lineEnd(text: string): number {
  const end = text.indexOf('\r\n')
  return end < 0 ? text.length : end
}
