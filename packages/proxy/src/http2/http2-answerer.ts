import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { isMessageFailure, responseFraming, responseHeadOf, type FieldSection, type Framing } from '@sallyport/wire'
import { refusal } from '../answers.ts'
import { Wait } from '../client/wait.ts'
import type { AnswerHead, Answerer, ForwardedRequest } from '../http/answerer.ts'
import type { HttpVersion, TakenOver } from '../http/asker.ts'
import type { BodySink, BodySource } from '../http/body.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { http2BodySink, Http2BodySource, resetStream } from './http2-body.ts'
import { http2Fields } from './http2-fields.ts'

/** `isLast`: nothing is behind the head. */
type Section = { readonly section: FieldSection; readonly isLast: boolean }

/** One stream of a connection of HTTP/2 to a server. */
export class Http2Answerer implements Answerer {
  readonly version: HttpVersion = '2.0'
  readonly #core: ProxyCore
  readonly #session: ClientHttp2Session
  readonly #isReused: boolean
  readonly #sections: Section[] = []
  #stream: ClientHttp2Stream | null = null
  #body: Http2BodySource | null = null
  readonly #change = new Wait()

  constructor(core: ProxyCore, session: ClientHttp2Session, isReused: boolean) {
    this.#core = core
    this.#session = session
    this.#isReused = isReused
  }

  send(request: ForwardedRequest): BodySink {
    const { head, framing, authority, path, version, via, isBodyRead } = request
    const fields = isBodyRead ? head.fields.filter(({ name }) => name !== 'expect') : head.fields
    const section = [':method', head.method, ':scheme', 'https', ':authority', authority, ':path', path]
    section.push(...http2Fields(fields, framing, false))
    if (fields.some(({ name, value }) => name === 'te' && /\btrailers\b/i.test(value))) section.push('te', 'trailers')
    section.push('via', `${version} ${via}`)
    if (this.#session.destroyed || this.#session.closed) return GONE
    const endStream = framing.kind === 'none'
    const stream = this.#session.request(section, { endStream, waitForTrailers: !endStream })
    this.#stream = stream
    const take = (_headers: IncomingHttpHeaders, flags: number, section: FieldSection): void => {
      this.#sections.push({ section, isLast: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 })
      this.#change.wake()
    }
    stream
      .on('headers', take)
      .on('response', (headers, flags, section) => take(headers, flags, section as unknown as FieldSection))
      .on('error', () => {})
      .on('close', () => this.#change.wake())
    this.#body = new Http2BodySource(stream, false)
    return http2BodySink(stream)
  }

  async nextHead(request: ForwardedRequest): Promise<AnswerHead> {
    const { responseMs } = this.#core.timeouts
    const isLate = this.#sections.length === 0 && !this.#isClosed && (await this.#change.isLate(responseMs, null))
    if (isLate) return { state: 'silent' }
    const next = this.#sections.shift()
    if (next === undefined) {
      const isStale =
        this.#isReused && (this.#stream === null || this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM)
      return { state: 'refused', refusal: refusal('response-incomplete'), isStale }
    }
    const head = responseHeadOf(next.section)
    if (isMessageFailure(head)) return refused(head.problem)
    const framing = responseFraming(head, request.head.method)
    if (isMessageFailure(framing)) return refused(framing.problem)
    if (next.isLast && head.status >= 200) return { state: 'head', head, framing: emptyFraming(framing) }
    // The end of the stream is the end of the body: an answer is never open to the end of the connection.
    return { state: 'head', head, framing: framing.kind === 'until-close' ? { kind: 'chunked' } : framing }
  }

  body(framing: Framing): BodySource {
    if (framing.kind === 'none') this.#body!.isEnd = true
    return this.#body!
  }

  takeOver(): TakenOver {
    throw new Error('a stream of HTTP/2 is never upgraded')
  }

  release(): void {
    const stream = this.#stream
    if (stream !== null && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR)
  }

  destroy(): void {
    if (this.#stream !== null) resetStream(this.#stream)
  }

  get #isClosed(): boolean {
    return this.#stream === null || this.#stream.closed || this.#stream.destroyed
  }
}

/** What ends with its head has no octets; a client of HTTP/1.1 is told so. */
function emptyFraming(framing: Framing): Framing {
  return framing.kind === 'none' ? framing : { kind: 'length', octets: 0 }
}

const GONE: BodySink = { write: async () => false, end: async () => false }

function refused(explain: string): AnswerHead {
  return { state: 'refused', refusal: refusal('bad-response', explain), isStale: false }
}
