import type { BinaryReader } from '../binary-reader.ts'
import { BinaryRows } from '../binary-rows.ts'

const SLOTS = 2 ** 14
/** Who chooses the names may choose them so that all fall on one slot: it costs no more than so many comparisons. */
const TRIES = 4

/**
 * Texts by number, each about once: ClickHouse makes equal ones one. A text that is not found at once is another one, and the one that was
 * there longer is forgotten.
 */
export class TextDictionary {
  /** As many texts, each after its length. */
  readonly #texts = new BinaryRows()
  readonly #slots = new Uint32Array(SLOTS)
  #starts = new Uint32Array(64)
  #sizes = new Uint32Array(64)
  #count = 0
  #last = 0

  constructor() {
    this.#add(EMPTY, 0, 0)
  }

  get count(): number {
    return this.#count
  }

  bytes(): Uint8Array {
    return this.#texts.bytes()
  }

  /** The text that is next, of so many octets. */
  take(read: BinaryReader, size: number): number {
    const at = read.take(size)
    if (size === 0) return 0
    if (this.#is(this.#last, read.view, at, size)) return this.#last
    return (this.#last = this.#find(read, at, size))
  }

  #find({ bytes, view }: BinaryReader, at: number, size: number): number {
    let hash = size
    let index = at
    for (; index + 4 <= at + size; index += 4) {
      hash = Math.imul(hash ^ view.getUint32(index, true), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    for (; index < at + size; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193)
    hash ^= hash >>> 15
    let slot = hash & (SLOTS - 1)
    for (let tries = 0; tries < TRIES; tries++) {
      const next = (hash + tries) & (SLOTS - 1)
      const number = this.#slots[next]!
      if (number === 0) {
        slot = next
        break
      }
      if (this.#is(number, view, at, size)) return number
    }
    return (this.#slots[slot] = this.#add(bytes, at, size))
  }

  #is(number: number, view: DataView, at: number, size: number): boolean {
    if (this.#sizes[number] !== size) return false
    const texts = this.#texts.view
    const start = this.#starts[number]!
    let index = 0
    for (; index + 4 <= size; index += 4)
      if (texts.getUint32(start + index) !== view.getUint32(at + index)) return false
    for (; index < size; index++) if (texts.getUint8(start + index) !== view.getUint8(at + index)) return false
    return true
  }

  #add(bytes: Buffer, at: number, size: number): number {
    if (this.#count === this.#starts.length) {
      this.#starts = grown(this.#starts)
      this.#sizes = grown(this.#sizes)
    }
    this.#texts.length(size)
    this.#starts[this.#count] = this.#texts.size
    this.#sizes[this.#count] = size
    this.#texts.octetsOf(bytes, at, size)
    return this.#count++
  }
}

const EMPTY = Buffer.alloc(0)

function grown(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(from.length * 2)
  larger.set(from)
  return larger
}
