import type { BinaryReader } from '../binary-reader.ts'

/** Values of so many octets each: one, two, or words of 32 bits. */
export class FixedColumn {
  readonly #width: number
  #values: Uint8Array<ArrayBuffer>
  #words: Uint32Array

  constructor(width: number) {
    this.#width = width
    this.#values = new Uint8Array(64 * width)
    this.#words = new Uint32Array(this.#values.buffer, 0, (64 * width) >> 2)
  }

  take(read: BinaryReader, row: number): void {
    const start = this.#start(row)
    const at = read.take(this.#width)
    if (this.#width < 4)
      for (let index = 0; index < this.#width; index++) this.#values[start + index] = read.bytes[at + index]!
    else
      for (let index = 0; index < this.#width; index += 4)
        this.#words[(start + index) >> 2] = read.view.getUint32(at + index, true)
  }

  /** Its lowest 32 bits first. */
  put(words: readonly number[], row: number): void {
    const start = this.#start(row)
    for (const [index, word] of words.entries()) this.#words[(start >> 2) + index] = word
  }

  /** Any value. */
  skip(row: number): void {
    this.#start(row)
  }

  pieces(rows: number): readonly Uint8Array[] {
    return [this.#values.subarray(0, rows * this.#width)]
  }

  #start(row: number): number {
    const start = row * this.#width
    if (start < this.#values.length) return start
    const larger = new Uint8Array(this.#values.length * 2)
    larger.set(this.#values)
    this.#values = larger
    this.#words = new Uint32Array(larger.buffer, 0, larger.length >> 2)
    return start
  }
}
