import { compareAddresses, type Address } from '@sallyport/net'

const FIRST_CAPACITY = 1 << 16

/** Address ranges in columns, 36 bytes a row: half a million of them are neither objects nor work for the collector. */
export class RangeRows {
  #starts = new Uint32Array(FIRST_CAPACITY * 4)
  #ends = new Uint32Array(FIRST_CAPACITY * 4)
  #values = new Uint32Array(FIRST_CAPACITY)
  #ascending = true
  count = 0

  static readonly ROW_OCTETS: number = 36

  /** Finished rows from the columns of others, one behind the other. */
  static ofColumns(words: Uint32Array<ArrayBuffer>, count: number): RangeRows {
    const rows = new RangeRows()
    rows.#starts = words.subarray(0, count * 4)
    rows.#ends = words.subarray(count * 4, count * 8)
    rows.#values = words.subarray(count * 8, count * 9)
    rows.count = count
    return rows
  }

  columns(): readonly Uint32Array<ArrayBuffer>[] {
    return [this.#starts, this.#ends, this.#values]
  }

  add(start: Address['words'], end: Address['words'], value: number): void {
    if (this.count === this.#values.length) this.#resize(this.count * 2)
    this.#starts.set(start, this.count * 4)
    this.#ends.set(end, this.count * 4)
    this.#values[this.count] = value
    if (this.count > 0 && compareWords(this.#starts, this.count - 1, start) > 0) this.#ascending = false
    this.count++
  }

  /** No more rows follow: sorted by start, and not one word larger than needed. */
  finish(): void {
    if (!this.#ascending) this.#sort()
    this.#resize(this.count)
  }

  value(row: number): number {
    return this.#values[row]!
  }

  start(row: number): Address['words'] {
    return wordsAt(this.#starts, row)
  }

  end(row: number): Address['words'] {
    return wordsAt(this.#ends, row)
  }

  /** The row that holds the address; -1 when none does. */
  find(words: Address['words']): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareWords(this.#starts, middle, words) <= 0) low = middle + 1
      else high = middle
    }
    return low > 0 && compareWords(this.#ends, low - 1, words) >= 0 ? low - 1 : -1
  }

  #resize(rows: number): void {
    this.#starts = resized(this.#starts, rows * 4)
    this.#ends = resized(this.#ends, rows * 4)
    this.#values = resized(this.#values, rows)
  }

  #sort(): void {
    const order = Array.from({ length: this.count }, (_, row) => row).sort((a, b) =>
      compareAddresses({ words: this.start(a) }, { words: this.start(b) }),
    )
    const sorted = new RangeRows()
    for (const row of order) sorted.add(this.start(row), this.end(row), this.value(row))
    this.#starts = sorted.#starts
    this.#ends = sorted.#ends
    this.#values = sorted.#values
  }
}

function compareWords(column: Uint32Array, row: number, words: Address['words']): number {
  const at = row * 4
  return (
    column[at]! - words[0] || column[at + 1]! - words[1] || column[at + 2]! - words[2] || column[at + 3]! - words[3]
  )
}

function wordsAt(column: Uint32Array, row: number): Address['words'] {
  const at = row * 4
  return [column[at]!, column[at + 1]!, column[at + 2]!, column[at + 3]!]
}

function resized(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(length)
  next.set(column.subarray(0, Math.min(length, column.length)))
  return next
}
