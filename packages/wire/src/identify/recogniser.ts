import type { Found, HandshakeCrypto, Sight } from './identification.ts'

export type Direction = 'client' | 'server'

export type StreamView = {
  /** All octets of this direction so far, up to the limit. */
  readonly bytes: Uint8Array
  /** How many of them the recogniser has seen before. */
  readonly previousLength: number
  /** Its likely answer then. */
  readonly previous: Found | null
  /** Octets of the other direction, for protocols that one side alone does not tell apart. */
  readonly other: Uint8Array
  readonly ciphers: HandshakeCrypto | null
}

/**
 * Says whether a stream is of its protocol. A match and `no` must hold whatever follows: that makes the answer independent of
 * how the stream is cut into pieces.
 */
export type StreamRecogniser = (view: StreamView) => Sight

export type DatagramView = {
  readonly bytes: Uint8Array
  readonly direction: Direction
  readonly ciphers: HandshakeCrypto | null
}

/** Says whether one datagram, by itself, is of its protocol. */
export type DatagramRecogniser = (view: DatagramView) => Found | null
