import type { BinaryReader } from '../binary-reader.ts'
import { FixedColumn } from './fixed-column.ts'

/** Values of so many octets each, or none: which rows have none, then the values of all. */
export class NullableColumn {
  #none = new Uint8Array(64)
  readonly #values: FixedColumn

  constructor(width: number) {
    this.#values = new FixedColumn(width)
  }

  take(read: BinaryReader, row: number): void {
    if (row === this.#none.length) {
      const larger = new Uint8Array(row * 2)
      larger.set(this.#none)
      this.#none = larger
    }
    const isNone = read.uint8() !== 0
    this.#none[row] = isNone ? 1 : 0
    if (isNone) this.#values.skip(row)
    else this.#values.take(read, row)
  }

  pieces(rows: number): readonly Uint8Array[] {
    return [this.#none.subarray(0, rows), ...this.#values.pieces(rows)]
  }
}
