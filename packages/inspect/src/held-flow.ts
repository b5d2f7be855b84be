import { startIdentification, type HandshakeCrypto, type Identifier } from '@sallyport/wire'
import { handshakeFacts, type HandshakeFacts } from './handshake-facts.ts'
import type { InspectionLimits } from './limits.ts'
import { StreamStart } from './stream-start.ts'

type Direction = 'client' | 'server'

/** Octets that may be others than those the server reads. */
export const UNTRUSTED: HandshakeFacts = { ...handshakeFacts(null), problem: 'conflicting-octets' }

/** One flow between its first packet and its verdict. */
export class HeldFlow {
  /** When the client spoke first; null as long as only the server has. */
  clientSinceMs: number | null = null
  readonly sinceMs: number
  readonly held: number[] = []
  readonly #transport: 'tcp' | 'udp'
  readonly #alone: Identifier
  /** Of both sides: only where the server speaks, since who runs the server may say anything. */
  #both: Identifier | null = null
  readonly #clientSaid: Uint8Array[] = []
  readonly #streams: Readonly<Record<Direction, StreamStart>>
  readonly #start: () => Identifier

  constructor(transport: 'tcp' | 'udp', nowMs: number, limits: InspectionLimits, ciphers: HandshakeCrypto | null) {
    this.sinceMs = nowMs
    this.#transport = transport
    this.#start = () => startIdentification({ transport, ciphers, limits: { maxBytes: limits.octets } })
    this.#alone = this.#start()
    this.#streams = { client: new StreamStart(limits.octets), server: new StreamStart(limits.octets) }
  }

  begin(direction: Direction, seq: number): void {
    this.#streams[direction].begin(seq)
  }

  /** Whether the client's octets begin there: it cannot say so twice. */
  begins(first: number): boolean {
    return this.#streams.client.begin(first)
  }

  /** `repeated`: the packet says nothing new. Facts are final. */
  push(direction: Direction, seq: number, bytes: Uint8Array, nowMs: number): HandshakeFacts | 'more' | 'repeated' {
    const said = this.#transport === 'udp' ? bytes : this.#streams[direction].add(seq, bytes)
    if (said === 'repeated') return 'repeated'
    if (said === 'conflict') return direction === 'client' ? UNTRUSTED : 'repeated'
    return direction === 'client' ? this.#fromClient(said, nowMs) : this.#fromServer(said)
  }

  /** What is likely when nothing more is awaited. */
  finish(): HandshakeFacts {
    const own = this.#alone.finish()
    const joint = own.state === 'identified' || this.#both === null ? own : this.#both.finish()
    return handshakeFacts(joint.state === 'identified' ? joint : null)
  }

  #fromClient(said: Uint8Array, nowMs: number): HandshakeFacts | 'more' {
    this.clientSinceMs ??= nowMs
    if (said.length === 0) return 'more'
    const answer = this.#alone.push('client', said)
    const joint = this.#both?.push('client', said)
    this.#clientSaid.push(said.slice())
    if (answer.state === 'identified') return handshakeFacts(answer)
    if (joint?.state === 'identified') return handshakeFacts(joint)
    return answer.state === 'unknown' ? this.finish() : 'more'
  }

  #fromServer(said: Uint8Array): HandshakeFacts | 'more' {
    if (said.length === 0) return 'more'
    const both = (this.#both ??= this.#withClient())
    const joint = both.push('server', said)
    // A client that has said nothing has sent nothing: there is time.
    return this.clientSinceMs !== null && joint.state === 'identified' ? handshakeFacts(joint) : 'more'
  }

  #withClient(): Identifier {
    const identifier = this.#start()
    for (const said of this.#clientSaid) identifier.push('client', said)
    return identifier
  }
}
