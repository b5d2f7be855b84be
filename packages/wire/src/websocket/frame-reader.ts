/** What came whole; `raw` is what it was on the wire. */
type WebSocketPart = {
  readonly kind: 'control' | 'message'
  readonly raw: Uint8Array
  readonly payload: Uint8Array
}

type WebSocketProblem =
  'reserved-bits' | 'bad-opcode' | 'not-masked' | 'bad-control' | 'bad-fragment' | 'bad-length' | 'too-large'

type WebSocketRead = { readonly parts: readonly WebSocketPart[]; readonly problem: WebSocketProblem | null }

type Header = {
  readonly isFinal: boolean
  readonly opcode: number
  readonly mask: Uint8Array
  readonly start: number
  readonly end: number
}

const CONTINUATION = 0
const MOST_CONTROL = 125

/** Messages of a client over a WebSocket (RFC 6455 §5) without extensions; nothing is read behind a problem. */
export class WebSocketReader {
  readonly #mostOctets: number
  #held: Uint8Array[] = []
  #heldOctets = 0
  /** Nothing can be read before so many are there. */
  #needed = 2
  /** Frames of a message whose last has not come. */
  #raw: Uint8Array[] = []
  #payload: Uint8Array[] = []
  #octets = 0
  #problem: WebSocketProblem | null = null

  /** `mostOctets`: of one message. */
  constructor(mostOctets: number) {
    this.#mostOctets = mostOctets
  }

  push(bytes: Uint8Array): WebSocketRead {
    const parts: WebSocketPart[] = []
    // What is taken out of it is changed: a slice must be a copy, which that of Node's buffers is not.
    this.#held.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    this.#heldOctets += bytes.length
    while (this.#problem === null && this.#heldOctets >= this.#needed) {
      const held = joined(this.#held, this.#heldOctets)
      this.#held = [held]
      const header = readHeader(held)
      if (typeof header === 'number') {
        this.#needed = header
        continue
      }
      this.#problem = typeof header === 'string' ? header : this.#refuse(header)
      if (this.#problem !== null || typeof header === 'string') break
      this.#needed = header.end
      if (held.length < header.end) break
      this.#take(header, held, parts)
      this.#held = [held.subarray(header.end)]
      this.#heldOctets -= header.end
      this.#needed = 2
    }
    return { parts, problem: this.#problem }
  }

  #refuse({ opcode, isFinal, start, end }: Header): WebSocketProblem | null {
    if (opcode >= 8) return isFinal && end - start <= MOST_CONTROL ? null : 'bad-control'
    if ((opcode === CONTINUATION) !== this.#raw.length > 0) return 'bad-fragment'
    return this.#octets + end - start > this.#mostOctets || this.#raw.length >= MOST_FRAGMENTS ? 'too-large' : null
  }

  #take({ opcode, isFinal, mask, start, end }: Header, held: Uint8Array, parts: WebSocketPart[]): void {
    const raw = held.slice(0, end)
    const payload = raw.slice(start)
    for (let at = 0; at < payload.length; at++) payload[at]! ^= mask[at & 3]!
    if (opcode >= 8) return void parts.push({ kind: 'control', raw, payload })
    this.#raw.push(raw)
    this.#payload.push(payload)
    this.#octets += payload.length
    if (!isFinal) return
    const rawOctets = this.#raw.reduce((sum, each) => sum + each.length, 0)
    parts.push({ kind: 'message', raw: joined(this.#raw, rawOctets), payload: joined(this.#payload, this.#octets) })
    this.#raw = []
    this.#payload = []
    this.#octets = 0
  }
}

/** Frames without content cost memory too. */
const MOST_FRAGMENTS = 10_000

/** A number: so many octets are needed to read it. */
function readHeader(held: Uint8Array): Header | WebSocketProblem | number {
  const [first, second] = [held[0]!, held[1]!]
  const opcode = first & 15
  if ((first & 0x70) !== 0) return 'reserved-bits'
  if ((opcode > 2 && opcode < 8) || opcode > 10) return 'bad-opcode'
  // §5.1: a client masks, so that no cache on the way takes its octets for a request.
  if ((second & 0x80) === 0) return 'not-masked'
  const short = second & 127
  const lengthOctets = short === 126 ? 2 : short === 127 ? 8 : 0
  const start = 2 + lengthOctets + 4
  if (held.length < start) return start
  const view = new DataView(held.buffer, held.byteOffset, held.byteLength)
  let length = short
  if (lengthOctets === 2) length = view.getUint16(2)
  if (lengthOctets === 8) {
    if (view.getUint32(2) > 0x1fffff) return 'bad-length'
    length = view.getUint32(2) * 2 ** 32 + view.getUint32(6)
  }
  // §5.2: in as few octets as it fits in.
  if ((lengthOctets === 2 && length < 126) || (lengthOctets === 8 && length < 65_536)) return 'bad-length'
  const mask = held.slice(start - 4, start)
  return { isFinal: (first & 0x80) !== 0, opcode, mask, start, end: start + length }
}

function joined(pieces: readonly Uint8Array[], octets: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const whole = new Uint8Array(octets)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
