import { readFileSync } from 'node:fs'
import { parseAddress, type Address, type Prefix, prefixesOfRange } from '@sallyport/net'
import { RangeRows } from './range-rows.ts'

const NEWLINE = 0x0a
const COMMA = 0x2c
const DOT = 0x2e
/** `??` stands where nobody knows. */
const QUESTION_MARK = 0x3f
const CARRIAGE_RETURN = 0x0d

export type RangeRow = { readonly start: Address['words']; readonly end: Address['words']; readonly value: string }

/** Disjoint address ranges with a value each. */
export type RangeTable = {
  readonly find: (address: Address) => string | null
  readonly prefixesOf: (value: string) => readonly Prefix[]
  /** In ascending order. */
  readonly rows: () => Iterable<RangeRow>
}

/** Opens the table on first use, so that a policy without geography costs nothing. */
export function lazyTable(open: () => RangeTable): RangeTable {
  let table: RangeTable | null = null
  const opened = (): RangeTable => (table ??= open())
  return {
    find: (address) => opened().find(address),
    prefixesOf: (value) => opened().prefixesOf(value),
    rows: () => opened().rows(),
  }
}

export type ValuedRows = { readonly rows: RangeRows; readonly values: readonly string[] }

/** Files of `start,end,value[,…]` lines. */
export function readRangeRows(files: readonly string[]): ValuedRows {
  return rangeRowsOf(files.map((file) => readFileSync(file)))
}

export function rangeRowsOf(pieces: readonly Buffer[]): ValuedRows {
  const rows = new RangeRows()
  const ids = new Map<string, number>()
  const values: string[] = []
  const idOf = (value: string): number => {
    const known = ids.get(value)
    if (known !== undefined) return known
    ids.set(value, values.length)
    return values.push(value) - 1
  }
  for (const piece of pieces) readRows(piece, rows, idOf)
  rows.finish()
  return { rows, values }
}

/** Rows that are finished, with the text of each value. */
export function rangeTableOf({ rows, values }: ValuedRows): RangeTable {
  return {
    find: ({ words }) => {
      const row = rows.find(words)
      return row < 0 ? null : values[rows.value(row)]!
    },
    prefixesOf: (value) => prefixesOf(rows, values.indexOf(value)),
    rows: function* () {
      for (let row = 0; row < rows.count; row++) {
        yield { start: rows.start(row), end: rows.end(row), value: values[rows.value(row)]! }
      }
    },
  }
}

function prefixesOf(rows: RangeRows, id: number): readonly Prefix[] {
  const prefixes: Prefix[] = []
  if (id < 0) return prefixes
  for (let row = 0; row < rows.count; row++) {
    if (rows.value(row) === id) prefixes.push(...prefixesOfRange(rows.start(row), rows.end(row)))
  }
  return prefixes
}

function readRows(bytes: Buffer, rows: RangeRows, idOf: (value: string) => number): void {
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, from)
    const next = newline < 0 ? bytes.length : newline
    readRow(bytes, from, bytes[next - 1] === CARRIAGE_RETURN ? next - 1 : next, rows, idOf)
    from = next + 1
  }
}

function readRow(bytes: Buffer, from: number, to: number, rows: RangeRows, idOf: (value: string) => number): void {
  const first = fieldEnd(bytes, from, to)
  const second = fieldEnd(bytes, first + 1, to)
  const third = fieldEnd(bytes, second + 1, to)
  if (second >= to || third === second + 1 || bytes[second + 1] === QUESTION_MARK) return
  const start = wordsOf(bytes, from, first)
  const end = wordsOf(bytes, first + 1, second)
  if (start !== null && end !== null) rows.add(start, end, idOf(bytes.toString('latin1', second + 1, third)))
}

function fieldEnd(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== COMMA) at++
  return at
}

/** A dotted quad without leading zeros is read here, every other spelling by `parseAddress`. */
function wordsOf(bytes: Buffer, from: number, to: number): Address['words'] | null {
  let value = 0
  let part = 0
  let dots = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    const digit = byte - 0x30
    if (digit >= 0 && digit <= 9 && !(part === 0 && at > from && bytes[at - 1] === 0x30)) part = part * 10 + digit
    else if (byte === DOT && at > from && bytes[at - 1] !== DOT) {
      if (part > 255) break
      value = value * 256 + part
      part = 0
      dots++
    } else return parseAddress(bytes.toString('latin1', from, to))?.words ?? null
  }
  const plain = dots === 3 && part <= 255 && bytes[to - 1] !== DOT
  return plain ? [0, 0, 0xffff, value * 256 + part] : (parseAddress(bytes.toString('latin1', from, to))?.words ?? null)
}
