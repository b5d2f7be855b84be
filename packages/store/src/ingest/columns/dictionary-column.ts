import type { BinaryReader } from '../binary-reader.ts'
import { BinaryRows } from '../binary-rows.ts'
import { TextDictionary } from './text-dictionary.ts'

/** `LowCardinality(String)` in ClickHouse's Native: each text once, and for each row the number of its text. */
export class DictionaryColumn {
  readonly #texts = new TextDictionary()
  #numbers = new Uint32Array(64)

  /** The text that is next, as the value of the row. */
  take(read: BinaryReader, row: number): void {
    const size = read.length()
    if (row === this.#numbers.length) {
      const larger = new Uint32Array(row * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[row] = this.#texts.take(read, size)
  }

  pieces(rows: number): readonly Uint8Array[] {
    return [DICTIONARY_VERSION, ...this.values(rows)]
  }

  /** Without what comes before all values, nested ones too. */
  values(rows: number): readonly Uint8Array[] {
    if (rows === 0) return []
    const head = new BinaryRows()
    head.uint64(OWN_TEXTS | NUMBERS_OF_32_BITS)
    head.uint64(this.#texts.count)
    const count = new BinaryRows()
    count.uint64(rows)
    return [head.bytes(), this.#texts.bytes(), count.bytes(), new Uint8Array(this.#numbers.buffer, 0, rows * 4)]
  }
}

/** The texts come with the block. */
const OWN_TEXTS = 0x600
const NUMBERS_OF_32_BITS = 2
export const DICTIONARY_VERSION: Uint8Array = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)
