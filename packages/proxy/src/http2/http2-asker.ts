import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Framing, RequestHead, ResponseHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import type { Peer } from '../client/client.ts'
import type { AfterRequest, Asker, HttpVersion, TakenOver } from '../http/asker.ts'
import type { BodySink, BodySource } from '../http/body.ts'
import { refusalAnswer } from '../http/refusal-page.ts'
import { authenticateFields } from '../identity/authenticate-fields.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { http2BodySink, Http2BodySource, resetStream } from './http2-body.ts'
import { http2Fields } from './http2-fields.ts'

/** A request of HTTP/2: one stream of a connection. */
export class Http2Asker implements Asker {
  readonly peer: Peer
  readonly version: HttpVersion = '2.0'
  readonly head: RequestHead
  readonly framing: Framing
  readonly body: BodySource
  readonly #core: ProxyCore
  readonly #stream: ServerHttp2Stream

  constructor(core: ProxyCore, peer: Peer, stream: ServerHttp2Stream, head: RequestHead, framing: Framing) {
    this.#core = core
    this.#stream = stream
    this.peer = peer
    this.head = head
    this.framing = framing
    this.body = new Http2BodySource(stream, framing.kind === 'none')
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  whenGone(then: () => void): Disposable {
    const stream = this.#stream
    // A reset leaves a stream open until its octets are read; who sent it has given up at once.
    stream.once('aborted', then).once('close', then)
    return { [Symbol.dispose]: () => void stream.off('aborted', then).off('close', then) }
  }

  sendContinue(): void {
    if (!this.isGone) this.#stream.additionalHeaders({ ':status': 100 })
  }

  async interim(head: ResponseHead): Promise<unknown> {
    if (!this.isGone) this.#stream.additionalHeaders(Object.fromEntries([[':status', head.status], ...linesOf(head)]))
    return undefined
  }

  async answer(head: ResponseHead, framing: Framing, version: HttpVersion): Promise<BodySink | null> {
    if (this.isGone) return null
    const isBodiless = framing.kind === 'none'
    const section = http2Fields(
      head.fields,
      framing,
      isBodiless && (this.head.method === 'HEAD' || head.status === 304),
    )
    section.unshift(':status', String(head.status))
    section.push('via', `${version} ${this.#core.via}`)
    const reply = this.peer.login.takeReply()
    if (reply !== null) section.push('proxy-authenticate', reply)
    this.#stream.respond(section, { endStream: isBodiless, waitForTrailers: !isBodiless })
    return isBodiless ? NO_BODY : http2BodySink(this.#stream)
  }

  takeOver(): Promise<TakenOver> {
    throw new Error('a stream of HTTP/2 is never upgraded')
  }

  async refuse(no: Refusal, record: OpenRecord): Promise<AfterRequest> {
    const status = refuseStream(this.#core, this.peer, this.#stream, this.head, no, record.id)
    record.refused(no)
    record.set({ status })
    this.#core.finish(record)
    return 'taken'
  }

  cut(): void {
    resetStream(this.#stream)
  }

  /** What the client still sends is for nobody (RFC 9113 §8.1). */
  after(isWhole: boolean): AfterRequest {
    if (!isWhole) this.#stream.close(constants.NGHTTP2_NO_ERROR)
    return 'taken'
  }
}

/** The refusal on its own stream; the connection and its other streams go on. */
export function refuseStream(
  core: ProxyCore,
  peer: Peer,
  stream: ServerHttp2Stream,
  head: RequestHead | null,
  no: Refusal,
  id: string,
): number | null {
  if (stream.destroyed || stream.closed) return null
  if (no.isSilent) {
    resetStream(stream)
    return null
  }
  const accept = head?.fields.find(({ name }) => name === 'accept')?.value ?? ''
  const { status, fields, body } = refusalAnswer(no, id, accept, authenticateFields(core, peer.login, no))
  const section = [':status', String(status), ...fields.flatMap(([name, value]) => [name.toLowerCase(), value])]
  const isHead = head?.method === 'HEAD'
  stream.respond(section, { endStream: isHead })
  if (!isHead) stream.end(body)
  stream.close(constants.NGHTTP2_NO_ERROR)
  return status
}

const NO_BODY: BodySink = { write: async () => true, end: async () => true }

function linesOf(head: ResponseHead): readonly (readonly [string, string])[] {
  const section = http2Fields(head.fields, { kind: 'none' }, false)
  return Array.from({ length: section.length / 2 }, (_, at) => [section[2 * at]!, section[2 * at + 1]!])
}
