import type { BinaryReader } from '../binary-reader.ts'
import { BinaryRows } from '../binary-rows.ts'

/** `String`: texts, each after its length. */
export class TextColumn {
  readonly #texts = new BinaryRows()

  /** Of all texts. */
  get size(): number {
    return this.#texts.size
  }

  truncate(size: number): void {
    this.#texts.truncate(size)
  }

  take(read: BinaryReader): void {
    const start = read.at
    read.take(read.length())
    this.#texts.octetsOf(read.bytes, start, read.at - start)
  }

  pieces(): readonly Uint8Array[] {
    return [this.#texts.bytes()]
  }
}
