import { DtlsSession } from '../datagram/dtls-session.ts'
import { QuicSession } from '../quic/quic-session.ts'
import { RtpSession } from '../datagram/rtp-session.ts'
import { UtpSession } from '../datagram/utp-session.ts'
import type { Found, HandshakeCrypto, Identification } from './identification.ts'
import type { DatagramRecogniser, Direction } from './recogniser.ts'

/** Identifies an exchange of datagrams: each is looked at by itself, QUIC, DTLS, RTP and uTP over several. */
export class DatagramIdentifier {
  readonly #recognisers: readonly DatagramRecogniser[]
  readonly #maxDatagrams: number
  readonly #ciphers: HandshakeCrypto | null
  readonly #quic: QuicSession
  readonly #dtls: DtlsSession
  readonly #rtp = new RtpSession()
  readonly #utp = new UtpSession()
  #count = 0
  #answer: Found | null = null

  constructor(
    recognisers: readonly DatagramRecogniser[],
    limits: { readonly maxBytes: number; readonly maxDatagrams: number },
    ciphers: HandshakeCrypto | null,
  ) {
    this.#recognisers = recognisers
    this.#maxDatagrams = limits.maxDatagrams
    this.#ciphers = ciphers
    this.#quic = new QuicSession(ciphers, limits.maxBytes)
    this.#dtls = new DtlsSession(ciphers, limits.maxBytes)
  }

  push(direction: Direction, bytes: Uint8Array): Identification {
    if (this.#answer !== null) return this.#answer
    if (bytes.length === 0) return { state: 'need-more' }
    if (this.#count >= this.#maxDatagrams) return this.#atLimit()
    this.#count++
    const seen = this.#quic.push(direction, bytes)
    const sight = seen === 'no' && this.#quic.partial === null ? this.#dtls.push(bytes) : seen
    if (sight !== 'no' && sight.state === 'identified') return (this.#answer = sight)
    if (sight !== 'no' || this.#quic.partial !== null) {
      return this.#count >= this.#maxDatagrams ? this.#atLimit() : { state: 'need-more' }
    }
    const view = { bytes, direction, ciphers: this.#ciphers }
    for (const look of this.#recognisers) {
      this.#answer = look(view)
      if (this.#answer !== null) return this.#answer
    }
    this.#answer = this.#rtp.push(direction, bytes) ?? this.#utp.push(direction, bytes)
    return this.#answer ?? { state: 'unknown', why: 'no-protocol-matches' }
  }

  finish(): Identification {
    this.#answer ??= this.#partial
    return this.#answer ?? { state: 'unknown', why: this.#count === 0 ? 'no-bytes' : 'no-protocol-matches' }
  }

  get #partial(): Found | null {
    return this.#quic.partial ?? this.#dtls.partial
  }

  #atLimit(): Identification {
    this.#answer = this.#partial
    return this.#answer ?? { state: 'unknown', why: 'limit-reached' }
  }
}
