import { ChunkedReader, type Field, type Framing } from '@sallyport/wire'
import { writeWithin, type ByteReader } from '../client/byte-reader.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { BodyPiece, BodySink, BodySource } from './body.ts'

/** A body as HTTP/1.1 frames it. */
export class Http1BodySource implements BodySource {
  readonly #reader: ByteReader
  readonly #framing: Framing
  readonly #chunks: ChunkedReader | null
  #left: number
  #ended = false

  constructor(reader: ByteReader, framing: Framing) {
    this.#reader = reader
    this.#framing = framing
    this.#chunks = framing.kind === 'chunked' ? new ChunkedReader() : null
    this.#left = framing.kind === 'length' ? framing.octets : framing.kind === 'none' ? 0 : Infinity
  }

  get isEnd(): boolean {
    return this.#ended || this.#left === 0 || this.#chunks?.isEnd === true
  }

  get trailers(): readonly Field[] {
    return this.#chunks?.trailers ?? []
  }

  async read(idleMs: number): Promise<BodyPiece> {
    for (;;) {
      if (this.isEnd) return 'end'
      const piece = await this.#reader.read(idleMs)
      if (piece === 'timeout') return 'timeout'
      if (piece === 'end') {
        if (this.#framing.kind !== 'until-close') return 'cut'
        this.#ended = true
        return 'end'
      }
      const body = this.#chunks === null ? this.#plain(piece) : this.#unchunked(this.#chunks, piece)
      if (body === 'malformed' || body.length > 0) return body
    }
  }

  #plain(piece: Buffer): Buffer {
    const body = piece.length > this.#left ? piece.subarray(0, this.#left) : piece
    if (body.length < piece.length) this.#reader.unread(piece.subarray(body.length))
    this.#left -= body.length
    return body
  }

  #unchunked(chunks: ChunkedReader, piece: Buffer): Buffer | 'malformed' {
    const parts: Uint8Array[] = []
    const taken = chunks.read(piece, (part) => parts.push(part))
    if (typeof taken !== 'number') return 'malformed'
    this.#reader.unread(piece.subarray(taken))
    const [first] = parts
    return parts.length === 1 ? Buffer.from(first!.buffer, first!.byteOffset, first!.length) : Buffer.concat(parts)
  }
}

/** Writes a body on, in chunks or as it is. */
export function http1BodySink(socket: ByteSocket, framing: Framing): BodySink {
  if (framing.kind !== 'chunked') {
    return {
      write: (piece, idleMs) => writeWithin(socket, piece, idleMs),
      end: async () => true,
    }
  }
  return {
    write: (piece, idleMs) => writeChunk(socket, piece, idleMs),
    end: (trailers, idleMs) => {
      const text = trailers.map(({ spelled, value }) => `${spelled}: ${value}\r\n`).join('')
      return writeWithin(socket, `0\r\n${text}\r\n`, idleMs)
    },
  }
}

/** False when the peer is gone, or takes nothing for so long. An empty piece would be the end, and is not written. */
export async function writeChunk(socket: ByteSocket, piece: Buffer, timeoutMs: number): Promise<boolean> {
  if (piece.length === 0) return true
  socket.cork()
  socket.write(`${piece.length.toString(16)}\r\n`, 'latin1')
  socket.write(piece)
  const isTaken = writeWithin(socket, '\r\n', timeoutMs)
  socket.uncork()
  return isTaken
}
