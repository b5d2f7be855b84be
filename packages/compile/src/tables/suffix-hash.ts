/** 64 bits that nobody outside knows, so that no name can be prepared to be taken for another one. */
export type HashSeed = readonly [number, number]

// RFC 1035 §2.3.4: 255 octets on the wire hold 127 labels at most.
const MOST_LABELS = 128
const DOT = 46

/**
 * Hashes of all suffixes of a name in one pass from its end. 63 bits stand for a name: with a million names in a table,
 * one that is in no list is taken for one that is with a probability of 2^-43 for each of its suffixes.
 */
export class SuffixHash {
  /** How many suffixes the name has; index 0 is the last label alone, `count - 1` the whole name. */
  count = 0
  readonly low: Uint32Array = new Uint32Array(MOST_LABELS)
  readonly high: Uint32Array = new Uint32Array(MOST_LABELS)
  readonly #starts = new Uint16Array(MOST_LABELS)
  readonly #seed: HashSeed
  #a = 0
  #b = 0

  constructor(seed: HashSeed) {
    this.#seed = seed
  }

  /** A name in lower case without the final dot. */
  ofText(name: string): void {
    this.#begin()
    for (let at = name.length - 1; at >= 0; at--) {
      const code = name.charCodeAt(at)
      if (code === DOT) this.#emit()
      this.#mix(code)
    }
    this.#emit()
  }

  /** The same name as octets. It stands for millions of names, so `#mix` is written out, on local variables. */
  ofOctets(octets: Uint8Array, from: number, to: number): void {
    this.#begin()
    let a = this.#a
    let b = this.#b
    for (let at = to - 1; at >= from; at--) {
      const code = octets[at]!
      if (code === DOT) this.#emitOf(a, b)
      a = Math.imul(a ^ code, 0xcc9e2d51)
      a = (((a << 13) | (a >>> 19)) + b) | 0
      b = Math.imul(b ^ a, 0x01000193)
      b = ((b << 17) | (b >>> 15)) ^ a
    }
    this.#emitOf(a, b)
  }

  /**
   * The name that begins at `start` in a message, in any case. Returns the position after it; -1 for what is no plain
   * host name (the root, a pointer, octets other than letters, digits, hyphen and underscore): that is asked as text.
   */
  ofWire(bytes: Uint8Array, start: number): number {
    let labels = 0
    let at = start
    for (;;) {
      const length = bytes[at]
      if (length === undefined || length > 63 || at - start > 254) return -1
      if (length === 0) break
      this.#starts[labels++] = at
      at += length + 1
    }
    if (labels === 0) return -1
    this.#begin()
    for (let label = labels - 1; label >= 0; label--) {
      const from = this.#starts[label]!
      for (let position = from + bytes[from]!; position > from; position--) {
        const code = PLAIN[bytes[position]!]!
        if (code === 0) return -1
        this.#mix(code)
      }
      this.#emit()
      if (label > 0) this.#mix(DOT)
    }
    return at + 1
  }

  #begin(): void {
    this.count = 0
    this.#a = this.#seed[0] ^ 0x9e3779b9
    this.#b = this.#seed[1] ^ 0x85ebca6b
  }

  #mix(code: number): void {
    let a = Math.imul(this.#a ^ code, 0xcc9e2d51)
    a = (((a << 13) | (a >>> 19)) + this.#b) | 0
    const b = Math.imul(this.#b ^ a, 0x01000193)
    this.#a = a
    this.#b = ((b << 17) | (b >>> 15)) ^ a
  }

  /** (0, 0) marks an empty slot and is never a hash. */
  #emit(): void {
    this.#emitOf(this.#a, this.#b)
  }

  #emitOf(stateA: number, stateB: number): void {
    if (this.count === MOST_LABELS) return
    let a = Math.imul(stateA ^ (stateA >>> 16), 0x7feb352d)
    a = Math.imul(a ^ (a >>> 15) ^ stateB, 0x846ca68b)
    let b = Math.imul(stateB ^ (stateB >>> 15) ^ a, 0x2c1b3c6d)
    b = Math.imul(b ^ (b >>> 12), 0x297a2d39)
    this.low[this.count] = a ^ (a >>> 16)
    this.high[this.count] = (b ^ (b >>> 15)) | 1
    this.count++
  }
}

/** Octets of host names in lower case; 0 for all others. */
const PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const text = String.fromCharCode(octet)
  return /[\w-]/.test(text) ? text.toLowerCase().charCodeAt(0) : 0
})
