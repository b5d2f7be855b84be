const NOTHING = new Uint8Array(0)
const SHORTEST = 64

/** The first octets of one direction, up to a bound; what comes after is counted and dropped. */
export class FirstBytes {
  readonly #most: number
  #buffer = NOTHING
  #length = 0
  #dropped = 0

  constructor(most: number) {
    this.#most = most
  }

  get length(): number {
    return this.#length
  }

  get isFull(): boolean {
    return this.#length >= this.#most
  }

  get dropped(): number {
    return this.#dropped
  }

  append(bytes: Uint8Array): void {
    const taken = Math.min(bytes.length, this.#most - this.#length)
    this.#dropped += bytes.length - taken
    this.#reserve(this.#length + taken)
    this.#buffer.set(bytes.subarray(0, taken), this.#length)
    this.#length += taken
  }

  /** Not a copy: later octets are appended behind it. */
  view(): Uint8Array {
    return this.#length === 0 ? NOTHING : this.#buffer.subarray(0, this.#length)
  }

  /** Doubles, so that many small pieces cost no more than a few large ones. So short an array as the first may be is one of V8's heap. */
  #reserve(length: number): void {
    if (length <= this.#buffer.length) return
    const larger = new Uint8Array(Math.min(this.#most, Math.max(SHORTEST, length, this.#buffer.length * 2)))
    larger.set(this.view())
    this.#buffer = larger
  }
}
