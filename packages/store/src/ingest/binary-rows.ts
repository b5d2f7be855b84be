const FIRST_BYTES = 2 ** 16

/** Values one after the other, little-endian, as ClickHouse's RowBinary has them. Grows as it is written. */
export class BinaryRows {
  #buffer: Buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length)
  #size = 0

  /** What was written; it is no copy. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size)
  }

  /** Of what was written and what comes after it; another one when that has grown. */
  get view(): DataView {
    return this.#view
  }

  get size(): number {
    return this.#size
  }

  /** What was written after that is not there any more. */
  truncate(size: number): void {
    this.#size = size
  }

  /** In place of four octets that were written. */
  putUint32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at)
  }

  putUint16(at: number, value: number): void {
    this.#buffer.writeUInt16LE(value, at)
  }

  string(text: string): void {
    // Three octets are the most that one UTF-16 unit becomes.
    this.#reserve(text.length * 3 + 5)
    if (text.length < 43) {
      // At most 127 octets, whose count takes one.
      const written = this.#buffer.write(text, this.#size + 1)
      this.#buffer[this.#size] = written
      this.#size += written + 1
    } else {
      this.length(Buffer.byteLength(text))
      this.#size += this.#buffer.write(text, this.#size)
    }
  }

  /** LEB128, as before strings and arrays. */
  length(count: number): void {
    this.#reserve(5)
    let rest = count
    for (; rest > 127; rest >>>= 7) this.#buffer[this.#size++] = (rest & 127) | 128
    this.#buffer[this.#size++] = rest
  }

  uint8(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#size++] = value
  }

  uint16(value: number): void {
    this.#reserve(2)
    this.#size = this.#buffer.writeUInt16LE(value, this.#size)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#size = this.#buffer.writeUInt32LE(value, this.#size)
  }

  /** A whole number below 2^53. */
  uint64(value: number): void {
    this.uint32(value >>> 0)
    this.uint32(Math.floor(value / 2 ** 32))
  }

  octets(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#size)
    this.#size += value.length
  }

  octetsOf(bytes: Buffer, at: number, count: number): void {
    this.#reserve(count)
    this.#size += bytes.copy(this.#buffer, this.#size, at, at + count)
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + more))
    this.#buffer.copy(larger, 0, 0, this.#size)
    this.#buffer = larger
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length)
  }
}
