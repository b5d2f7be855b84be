import { found, more, type Found, type HandshakeCrypto, type Sight } from '../identify/identification.ts'
import { u16, u24, u8 } from '../identify/octets.ts'
import { CryptoStream } from '../quic/crypto-stream.ts'
import { parseClientHello } from '../tls/client-hello.ts'
import { foundHello } from '../tls/recognise-tls.ts'

const VERSIONS: readonly number[] = [0xfeff, 0xfefd, 0xfefc, 0x0100]
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const LONGEST_HELLO = 0x10000

type Hello = { readonly sequence: number; readonly length: number; readonly stream: CryptoStream }

/** DTLS 1.0 to 1.3 (RFC 6347 §4.1, RFC 9147 §4): a hello may be cut into fragments, which come in any order. */
export class DtlsSession {
  readonly #ciphers: HandshakeCrypto | null
  readonly #maxBytes: number
  #hello: Hello | null = null
  #partial: Found | null = null

  constructor(ciphers: HandshakeCrypto | null, maxBytes: number) {
    this.#ciphers = ciphers
    this.#maxBytes = maxBytes
  }

  /** The answer if no more datagrams come. */
  get partial(): Found | null {
    return this.#partial
  }

  push(bytes: Uint8Array): Sight {
    for (let at = 0; at === 0 || at + 13 <= bytes.length; at += 13 + u16(bytes, at + 11)) {
      const record = bytes.subarray(at)
      if (!isRecord(record)) break
      const answer = u8(record, 0) === HANDSHAKE && isHello(record) ? this.#helloPiece(record) : this.#other(record)
      if (answer !== 'waits') return answer
    }
    return this.#partial === null ? 'no' : more(0, this.#partial)
  }

  /** What comes behind a piece of a hello, or from its server, may be seen before the rest of it. */
  #other(record: Uint8Array): Found | 'waits' {
    if (this.#partial !== null) return 'waits'
    return u8(record, 0) === HANDSHAKE
      ? found('dtls', 0, 13, 'DTLS handshake record')
      : found('dtls', 0, 13, 'DTLS record', { confidence: 'medium' })
  }

  #helloPiece(record: Uint8Array): Found | 'waits' {
    const [whole, sequence, offset, part] = [u24(record, 14), u16(record, 17), u24(record, 19), u24(record, 22)]
    if (whole > LONGEST_HELLO || offset + part > whole || 12 + part > u16(record, 11)) return malformed()
    if (this.#hello?.sequence !== sequence || this.#hello.length !== whole)
      this.#hello = { sequence, length: whole, stream: new CryptoStream(Math.min(whole, this.#maxBytes)) }
    const { stream } = this.#hello
    stream.put(offset, record.subarray(25, 25 + part))
    if (stream.start.length < whole) {
      this.#partial = found('dtls', 0, 25, 'fragment of a DTLS ClientHello', { problem: 'incomplete-handshake' })
      return 'waits'
    }
    const hello = parseClientHello(stream.start, true)
    return hello === null ? malformed() : foundHello('dtls', hello, 25, 'd', this.#ciphers)
  }
}

const malformed = (): Found => found('dtls', 0, 25, 'malformed DTLS ClientHello', { problem: 'malformed-handshake' })

/** In the first epoch, where nothing is encrypted. */
const isHello = (record: Uint8Array): boolean => u8(record, 13) === CLIENT_HELLO && u16(record, 3) === 0

function isRecord(bytes: Uint8Array): boolean {
  const type = u8(bytes, 0)
  const length = u16(bytes, 11)
  const isKnown = bytes.length >= 13 && type >= 20 && type <= 25 && VERSIONS.includes(u16(bytes, 1))
  return isKnown && length > 0 && 13 + length <= bytes.length
}
