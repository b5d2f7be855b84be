import { u8 } from '../identify/octets.ts'
import { varint } from './long-header.ts'

/** CRYPTO frames in any order, joined (RFC 9000 §19.6). Bounded: what lies beyond is counted and dropped. */
export class CryptoStream {
  readonly #most: number
  readonly #bytes: Uint8Array
  readonly #filled: Uint8Array
  #contiguous = 0
  #dropped = 0

  constructor(most: number) {
    this.#most = most
    this.#bytes = new Uint8Array(most)
    this.#filled = new Uint8Array(most)
  }

  get dropped(): number {
    return this.#dropped
  }

  /** The octets from the start without a gap. */
  get start(): Uint8Array {
    return this.#bytes.subarray(0, this.#contiguous)
  }

  put(offset: number, data: Uint8Array): void {
    const end = Math.min(offset + data.length, this.#most)
    this.#dropped += Math.max(0, offset + data.length - Math.max(offset, end))
    for (let at = offset; at < end; at++) {
      // What came first stays, so that a repeated frame cannot change what was judged.
      if (this.#filled[at] === 1) continue
      this.#filled[at] = 1
      this.#bytes[at] = data[at - offset]!
    }
    while (this.#contiguous < this.#most && this.#filled[this.#contiguous] === 1) this.#contiguous++
  }
}

/** Type of a CRYPTO frame (RFC 9000 §19.6), and in Google's versions, whose frame 6 asks for something else. */
export const CRYPTO_FRAME = { ietf: 6, google: 8 } as const

/** Puts the CRYPTO frames of an opened Initial into the stream; false when a frame may not be in one (RFC 9000 §12.4). */
export function readFrames(payload: Uint8Array, stream: CryptoStream, cryptoType: number = CRYPTO_FRAME.ietf): boolean {
  let at = 0
  while (at < payload.length) {
    const type = u8(payload, at)
    if (type <= 1 || (type === 7 && cryptoType === CRYPTO_FRAME.google)) at++
    else if (type === 2 || type === 3) at = afterAck(payload, at)
    else if (type === cryptoType) {
      const offset = varint(payload, at + 1)
      const length = varint(payload, offset.next)
      const end = length.next + length.value
      if (end > payload.length) return false
      stream.put(offset.value, payload.subarray(length.next, end))
      at = end
    } else return type === 0x1c || type === 0x1d
  }
  return true
}

function afterAck(payload: Uint8Array, start: number): number {
  const largest = varint(payload, start + 1)
  const delay = varint(payload, largest.next)
  const ranges = varint(payload, delay.next)
  let field = varint(payload, ranges.next)
  for (let index = 0; index < ranges.value * 2 && field.next < payload.length; index++)
    field = varint(payload, field.next)
  for (let index = 0; index < (u8(payload, start) === 3 ? 3 : 0); index++) field = varint(payload, field.next)
  return field.next
}
