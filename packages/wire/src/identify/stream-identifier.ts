import type { Found, HandshakeCrypto, Identification, Sight } from './identification.ts'
import { FirstBytes } from './first-bytes.ts'
import type { Direction, StreamRecogniser } from './recogniser.ts'

type Candidate = {
  look: StreamRecogniser
  need: number
  seen: number
  otherSeen: number
  partial: Found | null
}
/** `null`: it has not spoken. */
type Side = {
  readonly bytes: FirstBytes
  readonly recognisers: readonly StreamRecogniser[]
  candidates: Candidate[] | null
}

/** Identifies a stream from the first bytes of both directions. */
export class StreamIdentifier {
  readonly #sides: Readonly<Record<Direction, Side>>
  readonly #ciphers: HandshakeCrypto | null
  #answer: Found | null = null

  constructor(
    recognisers: Readonly<Record<Direction, readonly StreamRecogniser[]>>,
    maxBytes: number,
    ciphers: HandshakeCrypto | null,
  ) {
    this.#sides = { client: side(recognisers.client, maxBytes), server: side(recognisers.server, maxBytes) }
    this.#ciphers = ciphers
  }

  push(direction: Direction, bytes: Uint8Array): Identification {
    if (this.#answer !== null) return this.#answer
    this.#sides[direction].bytes.append(bytes)
    this.#answer = this.#look('client') ?? this.#look('server')
    if (this.#answer !== null) return this.#answer
    return this.#isOpen() ? { state: 'need-more' } : this.#unknown()
  }

  /** Nothing more will come: what is likely, though not whole, is the answer. */
  finish(): Identification {
    for (const { candidates } of Object.values(this.#sides))
      for (const candidate of candidates ?? []) candidate.need = 0
    this.#answer ??= this.#look('client') ?? this.#look('server')
    this.#answer ??= this.#partial('client') ?? this.#partial('server')
    if (this.#answer !== null) return this.#answer
    const unknown = this.#unknown()
    return this.#isOpen() && unknown.why === 'no-protocol-matches' ? { state: 'unknown', why: 'ended-early' } : unknown
  }

  #unknown(): Extract<Identification, { state: 'unknown' }> {
    const { client, server } = this.#sides
    if (client.bytes.length + server.bytes.length === 0) return { state: 'unknown', why: 'no-bytes' }
    const isFull = client.bytes.isFull || server.bytes.isFull
    return { state: 'unknown', why: isFull ? 'limit-reached' : 'no-protocol-matches' }
  }

  /** Whether a direction that has spoken still may turn out to be something. */
  #isOpen(): boolean {
    const { client, server } = this.#sides
    if (client.bytes.length + server.bytes.length === 0) return true
    return [client, server].some(({ candidates }) => candidates !== null && candidates.length > 0)
  }

  #partial(direction: Direction): Found | null {
    return this.#sides[direction].candidates?.find(({ partial }) => partial !== null)?.partial ?? null
  }

  /** The first candidate that matches, if all before it say no: so the answer does not depend on the pieces. */
  #look(direction: Direction): Found | null {
    const own = this.#sides[direction]
    if (own.bytes.length === 0) return null
    const other = this.#sides[direction === 'client' ? 'server' : 'client'].bytes
    const octets: Octets = {
      bytes: own.bytes.view(),
      other: other.view(),
      ciphers: this.#ciphers,
      previousLength: 0,
      previous: null,
    }
    const left: Candidate[] = []
    let match: Found | null = null
    // Most say no to the first octets: one candidate is enough for all of them.
    let spare: Candidate | null = null
    for (const one of own.candidates ?? own.recognisers) {
      const candidate: Candidate = typeof one === 'function' ? candidateOf(one, spare) : one
      spare = null
      const sight: Sight | null = match === null ? sightOf(candidate, octets) : null
      if (sight === 'no') {
        spare = candidate
        continue
      }
      if (sight !== null && sight.state === 'identified') {
        if (left.length === 0) return sight
        match = candidate.partial = sight
      }
      left.push(candidate)
    }
    own.candidates = left
    if (!own.bytes.isFull) return null
    const likely = left.find(({ partial }) => partial !== null)?.partial ?? match
    own.candidates = []
    return likely
  }
}

/** One for all candidates, each of which sees it as its own. */
type Octets = { -readonly [Key in keyof Parameters<StreamRecogniser>[0]]: Parameters<StreamRecogniser>[0][Key] }

function sightOf(candidate: Candidate, octets: Octets): Sight | null {
  const { bytes, other } = octets
  if (bytes.length < candidate.need && other.length === candidate.otherSeen) return null
  octets.previousLength = candidate.seen
  octets.previous = candidate.partial
  const sight = candidate.look(octets)
  candidate.seen = bytes.length
  candidate.otherSeen = other.length
  if (sight !== 'no' && sight.state === 'more') {
    candidate.need = sight.need
    candidate.partial = sight.partial
  } else {
    candidate.need = 0
  }
  return sight
}

function side(recognisers: readonly StreamRecogniser[], maxBytes: number): Side {
  return { bytes: new FirstBytes(maxBytes), recognisers, candidates: null }
}

/** In the place of one that is not needed any more, where there is one. */
function candidateOf(look: StreamRecogniser, spare: Candidate | null): Candidate {
  if (spare === null) return { look, need: 1, seen: 0, otherSeen: 0, partial: null }
  spare.look = look
  spare.need = 1
  spare.seen = spare.otherSeen = 0
  spare.partial = null
  return spare
}
