/** A whole number from 0 up to, and without, `below`. */
export type Random = (below: number) => number

/** xorshift32: a seed gives the same inputs again. */
export function xorshift(seed: number): Random {
  let state = seed === 0 ? 1 : seed | 0
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

export function randomOctets(random: Random, below = 600): Uint8Array {
  return Uint8Array.from({ length: random(below) }, () => random(256))
}

export const octets = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
