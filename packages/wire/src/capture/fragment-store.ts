import { concat } from '../identify/octets.ts'
import type { IpPacket } from './ip-packet.ts'

type Piece = { readonly offset: number; readonly bytes: Uint8Array; readonly last: boolean }

const MOST_PACKETS = 256
const MOST_PIECES = 64
const LONGEST_PACKET = 65_535

/** Joins fragments of IP packets. Bounded: the oldest packet is dropped for a new one, and counted. */
export class FragmentStore {
  readonly #pieces = new Map<string, Piece[]>()
  #dropped = 0

  get dropped(): number {
    return this.#dropped
  }

  /** The whole packet, once its last missing piece came; null before. */
  add(packet: IpPacket): IpPacket | null {
    const { fragment, payload } = packet
    if (fragment === null) return packet
    const key = [packet.source.join('.'), packet.destination.join('.'), packet.protocol, fragment.id].join()
    const pieces = this.#pieces.get(key) ?? this.#start(key)
    // RFC 5722: overlapping pieces are an attack; the first of an offset stays.
    const isNew = pieces.every(({ offset }) => offset !== fragment.offset)
    const fits = pieces.length < MOST_PIECES && fragment.offset + payload.length <= LONGEST_PACKET
    if (isNew && fits) pieces.push({ offset: fragment.offset, bytes: new Uint8Array(payload), last: fragment.last })
    const whole = join(pieces)
    if (whole === null) return null
    this.#pieces.delete(key)
    return { ...packet, payload: whole, fragment: null }
  }

  #start(key: string): Piece[] {
    if (this.#pieces.size >= MOST_PACKETS) {
      this.#dropped++
      this.#pieces.delete(this.#pieces.keys().next().value!)
    }
    const pieces: Piece[] = []
    this.#pieces.set(key, pieces)
    return pieces
  }
}

function join(pieces: readonly Piece[]): Uint8Array | null {
  if (!pieces.some(({ last }) => last)) return null
  const sorted = [...pieces].sort((a, b) => a.offset - b.offset)
  let end = 0
  for (const { offset, bytes } of sorted) {
    if (offset !== end) return null
    end = offset + bytes.length
  }
  return concat(sorted.map(({ bytes }) => bytes))
}
