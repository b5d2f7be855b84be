/** RFC 1035 §4.2.2: over TCP each message follows its length in two octets. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2)
  new DataView(framed.buffer).setUint16(0, message.length)
  framed.set(message, 2)
  return framed
}

/** Cuts a stream into messages. `push` gives those that are whole, or `null` once one is announced that is over the limit. */
export class FrameReader {
  readonly #limit: number
  #held: Buffer[] = []
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): Buffer[] | null {
    this.#held.push(chunk)
    this.#size += chunk.length
    const messages: Buffer[] = []
    for (;;) {
      const length = this.#announced()
      if (length === null) return messages
      if (length > this.#limit) return null
      if (this.#size < length + 2) return messages
      // A copy for each of many short messages would let 64 KiB of zeros keep the loop for seconds.
      const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
      messages.push(all.subarray(2, length + 2))
      this.#held = [all.subarray(length + 2)]
      this.#size -= length + 2
    }
  }

  #announced(): number | null {
    if (this.#size < 2) return null
    if (this.#held[0]!.length < 2) this.#held = [Buffer.concat(this.#held)]
    return this.#held[0]!.readUInt16BE(0)
  }
}
