import type { Http2Stream, IncomingHttpHeaders } from 'node:http2'
import { isMessageFailure, trailersOf, type Field, type FieldSection } from '@sallyport/wire'
import { ByteReader, writeWithin } from '../client/byte-reader.ts'
import type { BodyPiece, BodySink, BodySource } from '../http/body.ts'

/** The octets of one direction of a stream. */
export class Http2BodySource implements BodySource {
  readonly #stream: Http2Stream
  readonly #reader: ByteReader
  #isBad = false
  isEnd: boolean
  trailers: readonly Field[] = []

  constructor(stream: Http2Stream, isEnd: boolean) {
    this.#stream = stream
    this.isEnd = isEnd
    this.#reader = new ByteReader(stream)
    stream.once('trailers', (_headers: IncomingHttpHeaders, _flags: number, section: FieldSection) => {
      const trailers = trailersOf(section)
      this.#isBad = isMessageFailure(trailers)
      if (!isMessageFailure(trailers)) this.trailers = trailers
    })
  }

  async read(idleMs: number): Promise<BodyPiece> {
    if (this.isEnd) return 'end'
    const piece = await this.#reader.read(idleMs)
    if (piece !== 'end') return piece
    // A reset ends the stream too; then the body is not whole.
    if (this.#stream.rstCode) return 'cut'
    if (this.#isBad) return 'malformed'
    this.isEnd = true
    return 'end'
  }
}

/** Ends a stream so that nothing looks whole: `close` with a code would end the body first, and only then say that it is none. */
export function resetStream(stream: Http2Stream): void {
  stream.destroy(new Error('not whole'))
}

/** Writes a body into a stream that was begun with `waitForTrailers`. */
export function http2BodySink(stream: Http2Stream): BodySink {
  return {
    write: (piece, idleMs) => writeWithin(stream, piece, idleMs),
    end: async (trailers) => {
      if (stream.destroyed || stream.writableEnded) return !stream.rstCode
      stream.once('wantTrailers', () => {
        if (!stream.destroyed) stream.sendTrailers(trailersObject(trailers))
      })
      stream.end()
      return true
    },
  }
}

function trailersObject(trailers: readonly Field[]): Record<string, string[]> {
  const all: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const { name, value } of trailers) (all[name] ??= []).push(value)
  return all
}
