/** Reads what `BinaryRows` wrote. Throws a RangeError where the octets end before what is asked for, or later than it was said. */
export class BinaryReader {
  readonly bytes: Buffer
  /** Of the same octets. */
  readonly view: DataView
  #at = 0
  #end: number

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = this.bytes.length
  }

  get at(): number {
    return this.#at
  }

  /** What is read next, and where it ends. */
  seek(from: number, to: number): void {
    this.#at = from
    this.#end = to
  }

  /** Goes on after so many octets; returns where they are. */
  take(count: number): number {
    const at = this.#at
    if (at + count > this.#end) throw new RangeError('the octets end')
    this.#at = at + count
    return at
  }

  /** Throws where there is more. */
  end(): void {
    if (this.#at !== this.#end) throw new RangeError('octets are left over')
  }

  uint8(): number {
    return this.bytes[this.take(1)]!
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.take(8))
  }

  /** LEB128. */
  length(): number {
    let octet = this.uint8()
    let value = octet & 127
    for (let scale = 128; octet > 127; scale *= 128) {
      if (scale > 2 ** 32) throw new RangeError('a length of more than 32 bits')
      octet = this.uint8()
      value += (octet & 127) * scale
    }
    return value
  }

  string(): string {
    const size = this.length()
    const at = this.take(size)
    return this.bytes.toString('utf8', at, at + size)
  }

  strings(): readonly string[] {
    const texts: string[] = []
    for (let left = this.length(); left > 0; left--) texts.push(this.string())
    return texts
  }
}
