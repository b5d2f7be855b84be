/** Distance of two sequence numbers, which wrap at 2^32 (RFC 9293 §3.4). */
const distance = (to: number, from: number): number => (to - from) | 0

type Waiting = { readonly seq: number; readonly bytes: Uint8Array }

const MOST_WAITING = 64

/** The beginning of one direction of a TCP connection, put in order. Octets are never replaced by others of the same number. */
export class StreamStart {
  readonly #most: number
  #base: number | null = null
  #octets = new Uint8Array(0)
  #length = 0
  #waiting: Waiting[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** The number of the first octet: that of the SYN and one more. False when another was said before. */
  begin(seq: number): boolean {
    this.#base ??= seq >>> 0
    return this.#base === seq >>> 0
  }

  /**
   * The octets that are now in order. `repeated`: nothing new. `conflict`: other octets than before under the same numbers,
   * which is how one stream is shown to a guard and another to the server (RFC 9293 leaves open which of two a receiver takes).
   */
  add(seq: number, bytes: Uint8Array): Uint8Array | 'repeated' | 'conflict' {
    this.begin(seq)
    const before = this.#length
    const taken = this.#take({ seq, bytes })
    if (taken === 'conflict') return 'conflict'
    if (taken === 'waits') return this.#wait({ seq, bytes })
    if (this.#length === before) return 'repeated'
    for (let more = true; more;) {
      more = false
      for (const each of this.#waiting) {
        const result = this.#take(each)
        if (result === 'conflict') return 'conflict'
        if (result === 'waits') continue
        this.#waiting = this.#waiting.filter((other) => other !== each)
        more = true
      }
    }
    return this.#octets.subarray(before, this.#length)
  }

  #wait(segment: Waiting): 'repeated' | Uint8Array {
    if (this.#waiting.length >= MOST_WAITING || distance(segment.seq, this.#base!) > this.#most) return 'repeated'
    this.#waiting.push({ seq: segment.seq, bytes: segment.bytes.slice() })
    return new Uint8Array(0)
  }

  #take({ seq, bytes }: Waiting): 'taken' | 'waits' | 'conflict' {
    const at = distance(seq, this.#base!)
    if (at > this.#length) return 'waits'
    // Before the beginning: no part of what was asked for.
    const skipped = at < 0 ? -at : 0
    const known = Math.min(this.#length - Math.max(at, 0), bytes.length - skipped)
    for (let index = 0; index < known; index++)
      if (this.#octets[Math.max(at, 0) + index] !== bytes[skipped + index]) return 'conflict'
    if (skipped + known < bytes.length) this.#append(bytes.subarray(skipped + Math.max(known, 0)))
    return 'taken'
  }

  #append(bytes: Uint8Array): void {
    const taken = Math.min(bytes.length, this.#most - this.#length)
    if (this.#length + taken > this.#octets.length) {
      const larger = new Uint8Array(Math.min(this.#most, Math.max(2048, this.#length + taken, this.#octets.length * 2)))
      larger.set(this.#octets.subarray(0, this.#length))
      this.#octets = larger
    }
    this.#octets.set(bytes.subarray(0, taken), this.#length)
    this.#length += taken
  }
}
