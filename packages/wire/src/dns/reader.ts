import type { WireFailure, WireProblem } from './failure.ts'
import type { WireName } from './name.ts'

/**
 * Reads octets in order. The first failure is kept and every later read gives zero or nothing, so that callers need no
 * check after each field; loops ask `more()`, which is false after a failure.
 */
export class Reader {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  #offset = 0
  #end: number
  #failure: WireFailure | null = null

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length
  }

  get failure(): WireFailure | null {
    return this.#failure
  }

  more(): boolean {
    return this.#failure === null && this.#offset < this.#end
  }

  fail(problem: WireProblem): void {
    this.#failure ??= { failure: problem, offset: this.#offset }
  }

  u8(): number {
    return this.#advance(1) ? this.#view.getUint8(this.#offset - 1) : 0
  }

  u16(): number {
    return this.#advance(2) ? this.#view.getUint16(this.#offset - 2) : 0
  }

  u32(): number {
    return this.#advance(4) ? this.#view.getUint32(this.#offset - 4) : 0
  }

  /** A copy, also of a Buffer (whose `slice` makes none): the caller may use its bytes again for the next datagram. */
  take(length: number): Uint8Array {
    if (!this.#advance(length)) return new Uint8Array(0)
    return new Uint8Array(this.#bytes.subarray(this.#offset - length, this.#offset))
  }

  rest(): Uint8Array {
    return this.take(this.#end - this.#offset)
  }

  text(length: number): string {
    return String.fromCharCode(...this.take(length))
  }

  /** Confines `read` to the next `length` octets, all of which it must consume. */
  within(length: number, read: () => void): void {
    const outer = this.#end
    const inner = this.#offset + length
    if (inner > outer) this.fail('short')
    if (this.#failure !== null) return
    this.#end = inner
    read()
    if (this.#offset !== inner) this.fail('bad-rdata')
    this.#end = outer
  }

  /** RFC 1035 §4.1.4. Every pointer must lead before the part just read, so that no chain of pointers can loop. */
  name(): WireName {
    const labels: string[] = []
    let length = 1
    let start = this.#offset
    let resume = -1
    const end = this.#end
    for (;;) {
      const size = this.u8()
      if (size === 0 || this.#failure !== null) break
      if (size >= 0xc0) {
        const target = ((size & 0x3f) << 8) | this.u8()
        if (target >= start) this.fail('bad-pointer')
        if (this.#failure !== null) break
        if (resume < 0) resume = this.#offset
        start = this.#offset = target
        this.#end = this.#bytes.length
      } else if (size >= 0x40) {
        this.fail('bad-label')
      } else {
        length += size + 1
        if (length > 255) this.fail('long-name')
        labels.push(this.text(size))
      }
    }
    if (resume >= 0) this.#offset = resume
    this.#end = end
    return { labels }
  }

  #advance(length: number): boolean {
    if (this.#offset + length > this.#end) this.fail('short')
    if (this.#failure !== null) return false
    this.#offset += length
    return true
  }
}
