import type { MessageFailure } from './problems.ts'

export type Field = {
  /** In lower case. */
  readonly name: string
  /** As it was sent. */
  readonly spelled: string
  readonly value: string
}

export const MOST_FIELDS = 200
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
// RFC 9110 §5.5: HTAB, SP, visible octets, obs-text. NUL, CR and other controls are what smuggling is made of.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export const isFieldName = (text: string): boolean => NAME.test(text)
export const isFieldValue = (text: string): boolean => VALUE.test(text)

/** Lines of `text` from `start` on, one character an octet, without the empty line. */
export function parseFields(text: string, start: number): readonly Field[] | MessageFailure {
  const fields: Field[] = []
  for (let at = start; at < text.length;) {
    const next = text.indexOf('\r\n', at)
    const end = next < 0 ? text.length : next
    if (fields.length >= MOST_FIELDS) return { problem: 'too-many-fields', offset: at }
    const field = parseField(text.slice(at, end))
    if (typeof field === 'string') return { problem: field, offset: at }
    fields.push(field)
    at = end + 2
  }
  return fields
}

function parseField(line: string): Field | 'folded-field' | 'bad-field' | 'bare-line-end' {
  if (line.startsWith(' ') || line.startsWith('\t')) return 'folded-field'
  const colon = line.indexOf(':')
  const spelled = line.slice(0, Math.max(0, colon))
  if (!NAME.test(spelled)) return 'bad-field'
  const value = trimmed(line, colon + 1)
  if (!VALUE.test(value)) return /[\r\n]/.test(value) ? 'bare-line-end' : 'bad-field'
  return { name: spelled.toLowerCase(), spelled, value }
}

/** OWS is space and tab alone (RFC 9110 §5.6.3), fewer than `trim()` takes away. */
function trimmed(line: string, from: number): string {
  let start = from
  let end = line.length
  while (start < end && isSpace(line.charCodeAt(start))) start++
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--
  return line.slice(start, end)
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

const NONE: readonly string[] = []

export function fieldValues(fields: readonly Field[], name: string): readonly string[] {
  let values: string[] | null = null
  for (const field of fields) if (field.name === name) (values ??= []).push(field.value)
  return values ?? NONE
}

/** The members of a list field over all its lines, in lower case (RFC 9110 §5.6.1). */
export function listMembers(fields: readonly Field[], name: string): readonly string[] {
  const values = fieldValues(fields, name)
  if (values.length === 0) return NONE
  return values
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}
