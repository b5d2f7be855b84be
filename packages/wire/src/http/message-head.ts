import { latin1, u8 } from '../identify/octets.ts'

/** The first line of a text message and its header fields, whole or as far as they came. */
export type MessageHead = {
  readonly firstLine: string
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  /** The empty line that ends the header was seen. */
  readonly complete: boolean
  /** A line that is neither a field nor empty (RFC 9112 §5). */
  readonly malformed: boolean
}

const LF = 10
const LONGEST_LINE = 16384
const MOST_FIELDS = 256

/** Null while the first line has no end; lines end with CRLF or LF (RFC 9112 §2.2). */
export function readMessageHead(bytes: Uint8Array): MessageHead | null {
  let end = bytes.indexOf(LF)
  if (end < 0) return null
  const firstLine = line(bytes, 0, end)
  const fields: { name: string; value: string }[] = []
  let malformed = false
  for (let start = end + 1; fields.length < MOST_FIELDS; start = end + 1) {
    end = bytes.indexOf(LF, start)
    if (end < 0) return { firstLine, fields, complete: false, malformed }
    const text = line(bytes, start, end)
    if (text === '') return { firstLine, fields, complete: true, malformed }
    const colon = text.indexOf(':')
    // RFC 9112 §5.1: no space before the colon, since readers differ in what such a field is.
    if (colon <= 0 || /[\s]/.test(text.slice(0, colon))) malformed = true
    else fields.push({ name: text.slice(0, colon).toLowerCase(), value: text.slice(colon + 1).trim() })
  }
  return { firstLine, fields, complete: true, malformed: true }
}

function line(bytes: Uint8Array, start: number, end: number): string {
  const stop = end > start && u8(bytes, end - 1) === 13 ? end - 1 : end
  return latin1(bytes, start, Math.min(stop, start + LONGEST_LINE))
}

/** Whether the empty line is there, looking only at octets from `from` on, so that pieces cost no more than the whole. */
export function endsHead(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.indexOf(LF, Math.max(0, from - 3)); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (u8(bytes, at + 1) === LF && at + 1 < bytes.length) return true
    if (u8(bytes, at + 1) === 13 && u8(bytes, at + 2) === LF) return true
  }
  return false
}
