import { isPrefix, parseDomainPattern, parsePortRange, parsePrefix } from '@sallyport/net'
import { nearest, SallyportError, STAGES } from '@sallyport/policy'
import {
  TEXT_COLUMNS,
  type Condition,
  type CountColumn,
  type FilterTerm,
  type FlowFilter,
  type TextColumn,
} from './condition.ts'

type Field = { readonly read: (value: string, nowMs: number) => Condition | null; readonly allowed: string }

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }
/** As whole numbers: what is above one is at least the next. */
const COMPARISONS = {
  '': { compare: '=', more: 0 },
  '>=': { compare: '>=', more: 0 },
  '<=': { compare: '<=', more: 0 },
  '>': { compare: '>=', more: 1 },
  '<': { compare: '<=', more: -1 },
} as const
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/
const MAX_TERMS = 100

const FIELDS: Readonly<Record<string, Field>> = {
  ...Object.fromEntries(
    TEXT_COLUMNS.map((column) => [
      column,
      {
        read: (glob) => readGlob(column, glob),
        allowed: 'a text; * and ** stand for any',
      } satisfies Field,
    ]),
  ),
  country: { read: (value) => readGlob('country', value.toUpperCase()), allowed: 'a code of two letters' },
  protocol: { read: (value) => readGlob('protocol', value.toLowerCase()), allowed: 'a protocol' },
  verdict: wordOf('verdict', ['allow', 'deny', 'undetermined']),
  mode: wordOf('mode', ['monitor', 'enforce']),
  stage: wordOf('stage', STAGES),
  domain: { read: readDomain, allowed: 'example.com, *.example.com or .example.com' },
  ip: { read: (value) => readPrefix('dst', value), allowed: 'an address or prefix' },
  src: { read: (value) => readPrefix('src', value), allowed: 'an address or prefix' },
  port: { read: readPort, allowed: '443, 8000-8999, tcp/22 or icmp' },
  asn: { read: (value) => readCount('asn', value.replace(/^AS/i, '')), allowed: 'a number' },
  bytesOut: { read: (value) => readCount('bytesOut', value), allowed: '1000, >=10MB or <1k' },
  bytesIn: { read: (value) => readCount('bytesIn', value), allowed: '1000, >=10MB or <1k' },
  durationMs: { read: (value) => readCount('durationMs', value), allowed: '1000, >=60000 or <1k' },
  since: { read: (value, nowMs) => readTime('since', value, nowMs), allowed: '30m, 1h, 7d or 2027-03-31T12:00:00Z' },
  until: { read: (value, nowMs) => readTime('until', value, nowMs), allowed: '30m, 1h, 7d or 2027-03-31T12:00:00Z' },
}

export const FILTER_KEYS: readonly string[] = Object.keys(FIELDS)

/**
 * `domain:*.github.com verdict:deny since:1h app:/usr/bin/*`. Terms are joined by and, values after a comma and keys that
 * are given again by or; `-` before a term turns it round. Throws `filter-invalid`.
 */
export function parseFilter(texts: readonly string[], nowMs: number): FlowFilter {
  const open = texts.find((text) => text.split('"').length % 2 === 0)
  if (open !== undefined) throw invalid(`a " is not closed in ${open}`, 'Write KEY:"a value".')
  const words = texts.flatMap((text) => text.match(/(?:"[^"]*"|[^\s"])+/g) ?? [])
  if (words.length > MAX_TERMS) throw invalid(`the filter has ${words.length} terms; at most ${MAX_TERMS} are allowed`)
  const terms = new Map<string, FilterTerm>()
  for (const word of words) {
    const { key, negated, anyOf } = parseTerm(word, nowMs)
    const name = `${negated ? '-' : ''}${key}`
    const before = key === 'since' || key === 'until' ? [] : (terms.get(name)?.anyOf ?? [])
    terms.set(name, { negated, anyOf: [...before, ...anyOf] })
  }
  return [...terms.values()]
}

function parseTerm(word: string, nowMs: number): FilterTerm & { readonly key: string } {
  const negated = word.startsWith('-')
  const colon = word.indexOf(':')
  const key = word.slice(negated ? 1 : 0, Math.max(colon, 0))
  if (colon < 0 || key === '') throw invalid(`"${word}" is not KEY:VALUE`, meant(word))
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
  if (field === undefined) {
    const near = nearest(key, FILTER_KEYS)
    throw invalid(
      `"${key}" is no key of a filter`,
      near === null ? `Keys: ${FILTER_KEYS.join(', ')}.` : `Did you mean ${near}?`,
    )
  }
  const values = word.slice(colon + 1).match(/"[^"]*"|[^,]+/g) ?? ['']
  const anyOf = values.map((value) => {
    const text = value.replace(/^"([^"]*)"$/, '$1')
    return field.read(text, nowMs) ?? fail(`${key}: "${text}" is not ${field.allowed}`)
  })
  return { key, negated, anyOf }
}

/** What somebody may have meant who wrote a value alone. */
function meant(word: string): string | undefined {
  const sign = word.startsWith('-') ? '-' : ''
  const value = word.slice(sign.length)
  const key = (['port', 'ip', 'domain'] as const).find((each) => FIELDS[each]!.read(value, 0) !== null)
  const named = value.startsWith('/') ? 'app' : key === 'domain' && !value.includes('.') ? undefined : key
  return named === undefined ? undefined : `Did you mean ${sign}${named}:${value}?`
}

function readGlob(column: TextColumn, glob: string): Condition | null {
  return glob === '' ? null : { kind: 'glob', column, glob }
}

/** A word that no flow can have is a mistake, and no answer. */
function wordOf(column: TextColumn, words: readonly string[]): Field {
  return {
    read: (value) => (words.includes(value) || value.includes('*') ? readGlob(column, value) : null),
    allowed: words.join(', '),
  }
}

function readDomain(value: string): Condition | null {
  const pattern = parseDomainPattern(value)
  return pattern === null ? null : { kind: 'domain', pattern }
}

function readPrefix(column: 'src' | 'dst', value: string): Condition | null {
  const prefix = parsePrefix(value)
  return isPrefix(prefix) ? { kind: 'address', column, prefix } : null
}

function readPort(value: string): Condition | null {
  const range = parsePortRange(value)
  return range === null ? null : { kind: 'port', range }
}

function readCount(column: CountColumn, text: string): Condition | null {
  const parts = /^(>=?|<=?|)(\d{1,15})([kmgt]?)b?$/i.exec(text)
  if (parts === null) return null
  const { compare, more } = COMPARISONS[parts[1] as keyof typeof COMPARISONS]
  const value = Number(parts[2]) * UNIT_BYTES[parts[3]!.toLowerCase()]! + more
  return value < 0 ? null : { kind: 'count', column, compare, value }
}

function readTime(kind: 'since' | 'until', text: string, nowMs: number): Condition | null {
  const ago = /^(\d{1,6})([smhdw])$/.exec(text)
  const timeMs =
    ago === null ? (INSTANT.test(text) ? Date.parse(text) : Number.NaN) : nowMs - Number(ago[1]) * UNIT_MS[ago[2]!]!
  return Number.isNaN(timeMs) ? null : { kind, timeMs }
}

function invalid(message: string, remedy?: string): SallyportError {
  return new SallyportError('filter-invalid', message, remedy === undefined ? {} : { remedy })
}

function fail(message: string): never {
  throw invalid(message)
}
