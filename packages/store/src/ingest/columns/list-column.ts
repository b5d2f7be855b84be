import type { BinaryReader } from '../binary-reader.ts'
import { DICTIONARY_VERSION, DictionaryColumn } from './dictionary-column.ts'

/** `Array(LowCardinality(String))` in ClickHouse's Native: where each row's texts end, and all texts. */
export class ListColumn {
  readonly #values = new DictionaryColumn()
  /** 64 bits each. */
  #ends = new Uint32Array(64)

  take(read: BinaryReader, row: number): void {
    let end = this.#end(row)
    for (let left = read.length(); left > 0; left--) this.#values.take(read, end++)
    if (row * 2 === this.#ends.length) {
      const larger = new Uint32Array(row * 4)
      larger.set(this.#ends)
      this.#ends = larger
    }
    this.#ends[row * 2] = end
  }

  pieces(rows: number): readonly Uint8Array[] {
    return [DICTIONARY_VERSION, new Uint8Array(this.#ends.buffer, 0, rows * 8), ...this.#values.values(this.#end(rows))]
  }

  #end(rows: number): number {
    return rows === 0 ? 0 : this.#ends[rows * 2 - 2]!
  }
}
