import { addressBytes, parseAddress } from '@sallyport/net'
import type { BinaryRows } from './binary-rows.ts'
import { isWellFormed } from './is-well-formed.ts'
import { knownFacts, otherFacts, UNREADABLE } from './known-facts.ts'

/** A flow as JSON has it: facts of the policy language, `verdict`, and what was recorded beside them. */
export type RecordedFacts = { readonly [key: string]: unknown }

export const TEXTS = ['device', 'user', 'app', 'unit', 'container', 'transport', 'protocol', 'country'] as const
export const COUNTERS = ['bytesOut', 'bytesIn', 'packetsOut', 'packetsIn', 'durationMs'] as const
export const VERDICT = ['verdict', 'rule', 'layer', 'mode', 'stage', 'reason', 'explain'] as const

const typed = <T extends string>(names: readonly T[], type: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, type]))

/** Columns that are written, in this order, with their types. */
export const FLOW_COLUMNS: Readonly<Record<string, string>> = {
  time: "DateTime64(3, 'UTC')",
  batch: 'String',
  seq: 'UInt32',
  flow: 'UInt64',
  started: 'UInt8',
  ...typed(TEXTS, 'LowCardinality(String)'),
  src: 'Nullable(IPv6)',
  dst: 'Nullable(IPv6)',
  port: 'Nullable(UInt16)',
  asn: 'Nullable(UInt32)',
  names: 'Array(LowCardinality(String))',
  destination: 'String',
  ...typed(COUNTERS, 'Nullable(UInt64)'),
  ...typed(VERDICT, 'LowCardinality(String)'),
  parents: 'Array(LowCardinality(String))',
  facts: 'String',
  known: 'LowCardinality(String)',
  otherFacts: 'String',
}

/** ClickHouse's DateTime, which hours are summed under, ends in 2106. */
export const END_OF_TIME_MS: number = 2 ** 32 * 1000

/** 64 bits, hexadecimal. */
export const FLOW_ID: RegExp = /^[0-9a-f]{16}$/

/** The facts that a policy decides by, apart from the time, in the order of the letters: equal text, equal verdict. */
export function decidingFacts(record: RecordedFacts): string {
  const {
    app,
    appSha256,
    asn,
    boundNames,
    container,
    content,
    country,
    device,
    domain,
    dst,
    groups,
    http,
    port,
    posture,
    protocol,
    src,
    tags,
    transport,
    unit,
    user,
  } = record
  // What is missing leaves no key. Of one shape, an object is written out several times as fast as one that grows.
  return JSON.stringify({
    app,
    appSha256,
    asn,
    boundNames,
    container,
    content,
    country,
    device,
    domain,
    dst,
    groups,
    http,
    port,
    posture,
    protocol,
    src,
    tags,
    transport,
    unit,
    user,
  })
}

/**
 * A row without `batch` and `seq`, and with 0 for an identity that is not known: what a frame of the spool holds, so that another order
 * of columns is another kind of frame. False, and nothing written, when the record is none, or its time none that a table can have.
 */
export function writeFlow(rows: BinaryRows, record: RecordedFacts, nowMs: number): boolean {
  const { time } = record
  const timeMs = time === undefined || time === null ? nowMs : typeof time === 'string' ? Date.parse(time) : -1
  if (!(timeMs >= 0 && timeMs < END_OF_TIME_MS) || !isWellFormed(record)) return false
  rows.uint64(timeMs)
  writeIdentity(rows, record)
  for (const key of TEXTS) rows.string(text(record[key]))
  const src = writeAddress(rows, record['src'])
  const dst = writeAddress(rows, record['dst'])
  const port = count(record['port'], 65_535)
  rows.uint8(port === null ? 1 : 0)
  if (port !== null) rows.uint16(port)
  const asn = count(record['asn'], 4_294_967_295)
  rows.uint8(asn === null ? 1 : 0)
  if (asn !== null) rows.uint32(asn)
  const names = namesOf(record)
  rows.length(names.length)
  for (const name of names) rows.string(name)
  rows.string(names[0] ?? text(record['dst']))
  for (const key of COUNTERS) {
    const value = count(record[key], Number.MAX_SAFE_INTEGER)
    // One that is known to be none is told from one that was not known.
    rows.uint8(value !== null ? 0 : record[key] === null ? KNOWN_NONE : 1)
    if (value !== null) rows.uint64(value)
  }
  const verdict = (record['verdict'] ?? {}) as RecordedFacts
  for (const key of VERDICT) rows.string(text(verdict[key]))
  const parents = Array.isArray(record['parents']) ? (record['parents'] as readonly unknown[]) : []
  rows.length(parents.length)
  for (const parent of parents) rows.string(text(parent))
  rows.string(decidingFacts(record))
  const isWhole = src && dst && (port !== null || !isGiven(record['port'])) && (asn !== null || !isGiven(record['asn']))
  rows.string(isWhole ? knownFacts(record) : UNREADABLE)
  rows.string(otherFacts(record))
  return true
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/** In place of a counter. */
export const KNOWN_NONE = 2

/** The end of a connection is a second row of the same identity, which counts as no flow of its own. */
function writeIdentity(rows: BinaryRows, { id, ended }: RecordedFacts): void {
  const isKnown = typeof id === 'string' && FLOW_ID.test(id)
  rows.uint32(isKnown ? Number.parseInt(id.slice(8), 16) : 0)
  rows.uint32(isKnown ? Number.parseInt(id.slice(0, 8), 16) : 0)
  rows.uint8(isKnown && ended === true ? 0 : 1)
}

function namesOf({ domain, boundNames }: RecordedFacts): readonly string[] {
  const bound = Array.isArray(boundNames) ? (boundNames as readonly string[]) : []
  if (typeof domain !== 'string') return bound
  return bound.includes(domain) ? [domain, ...bound.filter((name) => name !== domain)] : [domain, ...bound]
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function count(value: unknown, most: number): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most ? (value as number) : null
}

/** ClickHouse's IPv6 holds an IPv4 address as IPv4-mapped. False when a text is none. */
function writeAddress(rows: BinaryRows, value: unknown): boolean {
  const word = typeof value === 'string' ? dottedQuad(value) : null
  if (word !== null) {
    rows.uint8(0)
    rows.octets(MAPPED)
    rows.uint32(word)
    return true
  }
  const address = typeof value === 'string' ? parseAddress(value) : null
  rows.uint8(address === null ? 1 : 0)
  if (address !== null) rows.octets(addressBytes(address))
  return address !== null || !isGiven(value)
}

const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

/** The usual spelling only, without a detour through an address: the first octet is the lowest of the word. */
function dottedQuad(value: string): number | null {
  let [word, octet, shift, digits] = [0, 0, 0, 0]
  for (let index = 0; index <= value.length; index++) {
    const code = index < value.length ? value.charCodeAt(index) : DOT
    if (code === DOT) {
      if (digits === 0 || octet > 255 || shift > 24) return null
      word |= octet << shift
      shift += 8
      octet = digits = 0
    } else if (code < 48 || code > 57 || (digits > 0 && octet === 0)) return null
    else {
      octet = octet * 10 + code - 48
      if (++digits > 3) return null
    }
  }
  return shift === 32 ? word >>> 0 : null
}

const DOT = 46
