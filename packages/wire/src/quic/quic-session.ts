import { found, more, type Found, type HandshakeCrypto, type Sight } from '../identify/identification.ts'
import type { Direction } from '../identify/recogniser.ts'
import { clientHelloLength, parseClientHello } from '../tls/client-hello.ts'
import { foundHello } from '../tls/recognise-tls.ts'
import { CRYPTO_FRAME, CryptoStream, readFrames } from './crypto-stream.ts'
import { foundGoogleHello, recogniseGoogleQuic } from './google-quic.ts'
import { clientInitialKeys, type InitialKeys } from './initial-keys.ts'
import { isVersionList, readLongHeader, type LongHeader } from './long-header.ts'
import { openInitial } from './open-initial.ts'
import { isReservedVersion } from './versions.ts'

const MOST_KEYS = 8

/** Follows the Initial packets of one QUIC connection until the ClientHello is whole (RFC 9000, 9001, 9369). */
export class QuicSession {
  readonly #ciphers: HandshakeCrypto | null
  readonly #maxBytes: number
  #stream: CryptoStream | null = null
  #asked: CryptoStream | null = null
  readonly #keys: InitialKeys[] = []
  readonly #ids = new Set<string>()
  #partial: Found | null = null

  constructor(ciphers: HandshakeCrypto | null, maxBytes: number) {
    this.#ciphers = ciphers
    this.#maxBytes = maxBytes
  }

  /** The answer if no more datagrams come. */
  get partial(): Found | null {
    return this.#partial
  }

  push(direction: Direction, bytes: Uint8Array): Sight {
    let at = 0
    let isQuic = false
    while (at < bytes.length && bytes[at]! >= 0x80) {
      const header = readLongHeader(bytes, at)
      if (header === null) break
      const sight = this.#packet(direction, bytes, header)
      if (sight !== 'no' && sight.state === 'identified') return sight
      isQuic ||= sight !== 'no'
      if (header.end <= at) break
      at = header.end
    }
    if (isQuic) return more(0, this.#partial)
    const google = recogniseGoogleQuic(bytes)
    if (google === null) return this.#partial === null ? 'no' : more(0, this.#partial)
    if (google.name !== null || direction === 'server') return google
    this.#partial ??= google
    return more(0, google)
  }

  #packet(direction: Direction, bytes: Uint8Array, header: LongHeader): Sight {
    const { kind } = header
    if (kind === 'negotiation') {
      if (!isVersionList(bytes, header)) return 'no'
      // What the client offers next is in a version of the list; its name is yet to come.
      return this.#wait('QUIC version negotiation', 'high')
    }
    if (kind === 'unknown-version') {
      const isReserved = isReservedVersion(header.version) && bytes.length >= 1200
      return isReserved ? this.#wait('QUIC packet of a reserved version', 'medium') : 'no'
    }
    if (kind === 'reserved-version') return bytes.length >= 1200 ? this.#reserved(bytes, header) : 'no'
    if (kind !== 'initial') return this.#wait(`QUIC ${kind === 'retry' ? 'Retry' : 'long header'}`, 'medium')
    if (direction === 'server') return this.#wait('QUIC Initial', 'medium')
    return this.#initial(bytes, header)
  }

  /** No server takes this one up: its name is told, and not relied on, since the next hello may state another. */
  #reserved(bytes: Uint8Array, header: LongHeader): Sight {
    const payload = this.#ciphers === null ? null : this.#open(this.#ciphers, bytes, header)
    if (payload === null) return this.#wait('QUIC packet of a reserved version', 'medium')
    this.#asked ??= new CryptoStream(this.#maxBytes)
    readFrames(payload, this.#asked)
    const length = clientHelloLength(this.#asked.start)
    const hello = length === null || this.#asked.start.length < length ? null : this.#asked.start.subarray(4, length)
    const read = hello === null ? null : parseClientHello(hello)
    if (read === null) return this.#wait('QUIC packet of a reserved version', 'medium')
    const answer = foundHello('quic', read, 7, 'q', this.#ciphers)
    return more(0, (this.#partial = { ...answer, problem: answer.problem ?? 'incomplete-handshake' }))
  }

  #initial(bytes: Uint8Array, header: LongHeader): Sight {
    if (this.#ciphers === null) {
      return found('quic', header.start, 7, 'QUIC Initial', { problem: 'undecipherable', confidence: 'medium' })
    }
    const payload = this.#open(this.#ciphers, bytes, header)
    if (payload === null) {
      this.#partial ??= found('quic', 0, 7, 'QUIC Initial', { problem: 'undecipherable', confidence: 'medium' })
      return more(0, this.#partial)
    }
    // A Retry or a Version Negotiation makes the client begin again, with the same hello or another.
    this.#stream ??= new CryptoStream(this.#maxBytes)
    const isGoogle = header.known?.google === true
    readFrames(payload, this.#stream, isGoogle ? CRYPTO_FRAME.google : CRYPTO_FRAME.ietf)
    const google = isGoogle ? foundGoogleHello(this.#stream.start, header.version) : null
    if (google !== null) return google.name === null ? more(0, (this.#partial = google)) : google
    const length = clientHelloLength(this.#stream.start)
    if (length === null || this.#stream.start.length < Math.max(length, 5)) return this.#wait('QUIC Initial', 'high')
    const hello = parseClientHello(this.#stream.start.subarray(4, length))
    if (hello === null) return found('quic', 0, 7, 'QUIC Initial', { problem: 'incomplete-handshake' })
    const answer = foundHello('quic', hello, 7, 'q', this.#ciphers)
    return { ...answer, evidence: { ...answer.evidence, what: `QUIC Initial, ${answer.evidence.what}` } }
  }

  #wait(what: string, confidence: 'high' | 'medium'): Sight {
    if (this.#partial === null || this.#partial.confidence !== 'high') {
      this.#partial = found('quic', 0, 7, what, { problem: 'incomplete-handshake', confidence })
    }
    return more(0, this.#partial)
  }

  /** Keys come from the first connection id and, after a Retry, from the new one: those of the packet's own id are tried too. */
  #open(ciphers: HandshakeCrypto, bytes: Uint8Array, header: LongHeader): Uint8Array | null {
    const id = `${header.version}:${header.destinationId.join()}`
    if (header.known !== null && !this.#ids.has(id) && this.#keys.length < MOST_KEYS) {
      this.#ids.add(id)
      const { salts, labelPrefix } = header.known
      for (const salt of salts) this.#keys.push(clientInitialKeys(ciphers, salt, labelPrefix, header.destinationId))
    }
    for (const keys of this.#keys) {
      const payload = openInitial(ciphers, keys, bytes, header)
      if (payload !== null) return payload
    }
    return null
  }
}
