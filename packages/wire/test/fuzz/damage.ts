import { randomOctets, type Random } from './random.ts'

const LONGEST = 65_535
const ONE_IN_LONG = 256
/** Where lengths and signs end. */
const EDGES: readonly number[] = [0, 1, 0x7f, 0x80, 0xff, 0x3f, 0x40, 0xc0]

/** A message changed in the ways that find faults in parsers: octets, lengths, cuts, repeats, and pieces of other messages. */
export function damage(message: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  // No slice: one of a Buffer is no copy, and the corpus has to stay as it was.
  let bytes: Uint8Array = new Uint8Array(message)
  for (let times = 1 + random(6); times > 0; times--) bytes = damagedOnce(bytes, corpus, random).subarray(0, LONGEST)
  return random(ONE_IN_LONG) === 0 ? repeated(bytes, random) : bytes
}

/** As long as an input may be, of one piece again and again: where work grows with the square of what comes, this takes long. */
function repeated(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(Math.max(1, bytes.length))
  const piece = bytes.subarray(at, at + 1 + random(24))
  const whole = new Uint8Array(LONGEST)
  whole.set(bytes.subarray(0, at))
  for (let from = at; piece.length > 0 && from < LONGEST; from += piece.length)
    whole.set(piece.subarray(0, LONGEST - from), from)
  return whole
}

function damagedOnce(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const at = random(Math.max(1, bytes.length))
  const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))
  switch (random(8)) {
    case 0:
      return withOctet(bytes, at, random(256))
    case 1:
      return withOctet(bytes, at, EDGES[random(EDGES.length)]!)
    case 2: {
      // A length of two octets, or a compression pointer, to anywhere.
      const high = random(2) === 0 ? random(256) : 0xc0 | random(64)
      return withOctet(withOctet(bytes, at, high), (at + 1) % Math.max(1, bytes.length), random(256))
    }
    case 3:
      return bytes.slice(0, at)
    case 4:
      return join(bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1)))
    case 5: {
      const other = corpus[random(corpus.length)]!
      return join(bytes.subarray(0, at), other.subarray(random(other.length + 1)))
    }
    case 6:
      return join(bytes.subarray(0, at), randomOctets(random, 16), bytes.subarray(at))
    default:
      return join(bytes.subarray(0, at), new Uint8Array(random(64)).fill(bytes[at] ?? 0), bytes.subarray(at))
  }
}

function withOctet(bytes: Uint8Array, at: number, octet: number): Uint8Array {
  if (bytes.length > 0) bytes[at] = octet
  return bytes
}
