/** Reads what `BinaryRows` wrote. Throws a RangeError where the octets end before what is asked for. */
export class BinaryReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  skip(count: number): void {
    this.#take(count)
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8))
  }

  /** LEB128. */
  length(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const octet = this.uint8()
      value += (octet & 127) * 2 ** shift
      if (octet < 128) return value
    }
    throw new RangeError('a length of more than 32 bits')
  }

  string(): string {
    const size = this.length()
    const at = this.#take(size)
    return this.#bytes.toString('utf8', at, at + size)
  }

  strings(): readonly string[] {
    const texts: string[] = []
    for (let left = this.length(); left > 0; left--) texts.push(this.string())
    return texts
  }

  #take(count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) throw new RangeError('the octets end')
    this.#at = at + count
    return at
  }
}
