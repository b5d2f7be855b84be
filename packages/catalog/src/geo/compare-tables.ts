import { isIpv4 } from '@sallyport/net'
import type { RangeRow, RangeTable } from './range-table.ts'

/** How two sources agree, in IPv4 addresses. */
export type TableComparison = {
  readonly same: number
  readonly different: number
  readonly onlyFirst: number
  readonly onlySecond: number
  /** What they say where they differ, most addresses first. */
  readonly pairs: readonly { readonly first: string; readonly second: string; readonly addresses: number }[]
}

const SHOWN_PAIRS = 50

/** Walks both tables side by side, from one border to the next. */
export function compareTables(first: RangeTable, second: RangeTable): TableComparison {
  const counts = { same: 0, different: 0, onlyFirst: 0, onlySecond: 0 }
  const pairs = new Map<string, number>()
  const [a, b] = [new Cursor(first.rows()), new Cursor(second.rows())]
  for (let at = 0; at <= 0xffffffff;) {
    const [left, right] = [a.at(at), b.at(at)]
    const next = Math.min(left.until, right.until)
    const size = next - at
    if (left.value !== null && right.value !== null) {
      counts[left.value === right.value ? 'same' : 'different'] += size
      const pair = `${left.value} ${right.value}`
      if (left.value !== right.value) pairs.set(pair, (pairs.get(pair) ?? 0) + size)
    } else if (left.value !== null) counts.onlyFirst += size
    else if (right.value !== null) counts.onlySecond += size
    at = next
  }
  const listed = [...pairs].sort(([, x], [, y]) => y - x).slice(0, SHOWN_PAIRS)
  return {
    ...counts,
    pairs: listed.map(([pair, addresses]) => ({ first: pair.split(' ')[0]!, second: pair.split(' ')[1]!, addresses })),
  }
}

/** The IPv4 rows of a table, in order; between them is nothing. */
class Cursor {
  readonly #rows: Iterator<RangeRow>
  #row: { readonly start: number; readonly end: number; readonly value: string } | null = null

  constructor(rows: Iterable<RangeRow>) {
    this.#rows = rows[Symbol.iterator]()
    this.#advance()
  }

  /** What holds at an address, and up to where, exclusive. Addresses are asked in order. */
  at(address: number): { readonly value: string | null; readonly until: number } {
    while (this.#row !== null && this.#row.end < address) this.#advance()
    if (this.#row === null) return { value: null, until: 2 ** 32 }
    const { start, end, value } = this.#row
    return address < start ? { value: null, until: start } : { value, until: end + 1 }
  }

  #advance(): void {
    for (let next = this.#rows.next(); next.done !== true; next = this.#rows.next()) {
      const { start, end, value } = next.value
      if (!isIpv4({ words: start })) continue
      this.#row = { start: start[3], end: end[3], value }
      return
    }
    this.#row = null
  }
}
