import { readFileSync } from 'node:fs'
import { maskAddress, parseAddress, type Address, type Prefix } from '@sallyport/net'

type Words = Address['words']

/** Disjoint address ranges with a value each, ascending, as `start,end,value[,…]` lines. */
export type RangeTable = {
  readonly find: (address: Address) => string | null
  readonly prefixesOf: (value: string) => readonly Prefix[]
}

/** Reads the files on first use, so that a policy without geography costs nothing. */
export function lazyRangeTable(files: readonly string[]): RangeTable {
  let table: RangeTable | null = null
  const opened = (): RangeTable => (table ??= readRangeTable(files))
  return { find: (address) => opened().find(address), prefixesOf: (value) => opened().prefixesOf(value) }
}

function readRangeTable(files: readonly string[]): RangeTable {
  const rows = files
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').map(parseRow))
    .filter((row) => row !== null)
    .sort((a, b) => compareWords(a.start, b.start))
  const byValue = Map.groupBy(rows, ({ value }) => value)
  return {
    find: ({ words }) => {
      let low = 0
      let high = rows.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (compareWords(rows[middle]!.start, words) <= 0) low = middle + 1
        else high = middle
      }
      const row = rows[low - 1]
      return row && compareWords(words, row.end) <= 0 ? row.value : null
    },
    prefixesOf: (value) => (byValue.get(value) ?? []).flatMap(({ start, end }) => prefixesOfRange(start, end)),
  }
}

function parseRow(line: string): { start: Words; end: Words; value: string } | null {
  const [first, last, value] = line.split(',', 3)
  const start = first ? parseAddress(first) : null
  const end = last ? parseAddress(last) : null
  return start && end && value ? { start: start.words, end: end.words, value } : null
}

function compareWords(a: Words, b: Words): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}

/** The fewest prefixes that together are the range, both ends included. */
export function prefixesOfRange(start: Words, end: Words): readonly Prefix[] {
  const prefixes: Prefix[] = []
  const last = toBig(end)
  for (let at = toBig(start); at <= last;) {
    let bits = 0
    while (bits < 128 && (at & (1n << BigInt(bits))) === 0n && at + (1n << BigInt(bits + 1)) - 1n <= last) bits++
    prefixes.push({ address: maskAddress({ words: fromBig(at) }, 128 - bits), length: 128 - bits })
    at += 1n << BigInt(bits)
  }
  return prefixes
}

function toBig(words: Words): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

function fromBig(value: bigint): Words {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn)
  return [word(96n), word(64n), word(32n), word(0n)]
}
