type Segment = { readonly sequence: number; readonly bytes: Uint8Array }

const MOST_SEGMENTS = 64
const MOST_OCTETS = 131_072

/** Distance of two sequence numbers, which wrap at 2^32 (RFC 9293 §3.4). */
const distance = (to: number, from: number): number => (to - from) | 0

/** Puts the segments of one direction of a TCP connection in order. Bounded: a gap that stays is skipped, and counted. */
export class StreamAssembly {
  #next: number | null = null
  #waiting: Segment[] = []
  #octets = 0
  #gaps = 0

  get gaps(): number {
    return this.#gaps
  }

  /** A SYN takes one number. */
  open(sequence: number): void {
    this.#next ??= (sequence + 1) >>> 0
  }

  /** The octets that are now in order. Octets that came before are not replaced by others of the same number. */
  add(sequence: number, bytes: Uint8Array): Uint8Array[] {
    if (bytes.length === 0) return []
    this.#next ??= sequence
    if (distance(sequence, this.#next) > 0) {
      // A capture that began in the middle, or a sender that restarted: too far ahead is no part of this stream.
      this.#waiting.push({ sequence, bytes: new Uint8Array(bytes) })
      this.#octets += bytes.length
      return this.#waiting.length >= MOST_SEGMENTS || this.#octets >= MOST_OCTETS ? this.#skipGap() : []
    }
    const ready = this.#take({ sequence, bytes })
    return [...ready, ...this.#drain()]
  }

  /** What waits behind a gap, when nothing more comes. */
  finish(): Uint8Array[] {
    const ready: Uint8Array[] = []
    while (this.#waiting.length > 0) ready.push(...this.#skipGap())
    return ready
  }

  #take({ sequence, bytes }: Segment): Uint8Array[] {
    const known = distance(this.#next!, sequence)
    if (known < 0 || known >= bytes.length) return []
    this.#next = (sequence + bytes.length) >>> 0
    return [bytes.subarray(known)]
  }

  #drain(): Uint8Array[] {
    if (this.#waiting.length === 0) return []
    const ready: Uint8Array[] = []
    this.#waiting.sort((a, b) => distance(a.sequence, b.sequence))
    while (this.#waiting.length > 0 && distance(this.#waiting[0]!.sequence, this.#next!) <= 0) {
      const segment = this.#waiting.shift()!
      this.#octets -= segment.bytes.length
      ready.push(...this.#take(segment))
    }
    return ready
  }

  #skipGap(): Uint8Array[] {
    this.#gaps++
    this.#waiting.sort((a, b) => distance(a.sequence, b.sequence))
    this.#next = this.#waiting[0]!.sequence
    return this.#drain()
  }
}
