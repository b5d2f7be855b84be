import { isMessageFailure, parseResponseHead, responseFraming, type Framing } from '@sallyport/wire'
import { refusal } from '../answers.ts'
import type { Upstream } from '../connect/upstream-pool.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { AnswerHead, Answerer, ForwardedRequest, KeptUpstream } from './answerer.ts'
import type { HttpVersion, TakenOver } from './asker.ts'
import type { BodySink, BodySource } from './body.ts'
import { requestHeadText } from './forward-fields.ts'
import { http1BodySink, Http1BodySource } from './http1-body.ts'
import type { KeptUpstreams } from './kept-upstreams.ts'
import { readHead } from './read-head.ts'

/** A connection of HTTP/1.1 to a server. */
export class Http1Answerer implements Answerer {
  readonly version: HttpVersion = '1.1'
  readonly #core: ProxyCore
  readonly #upstream: Upstream
  readonly #kept: KeptUpstreams

  constructor(core: ProxyCore, upstream: Upstream, kept: KeptUpstreams) {
    this.#core = core
    this.#upstream = upstream
    this.#kept = kept
  }

  send(request: ForwardedRequest): BodySink {
    const { socket } = this.#upstream
    socket.write(requestHeadText(request), 'latin1')
    return http1BodySink(socket, request.framing)
  }

  async nextHead(request: ForwardedRequest): Promise<AnswerHead> {
    const { limits, timeouts } = this.#core
    const read = await readHead(this.#upstream.reader, limits.headBytes, timeouts.responseMs, timeouts.headMs)
    if (read.state === 'timeout') return read.octets === 0 ? { state: 'silent' } : refused('response-timeout')
    if (read.state === 'end') {
      // A server may close what is idle just when a request goes out on it (RFC 9112 §9.3.1).
      const isStale = this.#upstream.isReused && read.octets === 0
      return { state: 'refused', refusal: refusal('response-incomplete'), isStale }
    }
    if (read.state === 'bad') return refused('bad-response', read.failure.problem)
    const head = parseResponseHead(read.text)
    if (isMessageFailure(head)) return refused('bad-response', head.problem)
    const framing = responseFraming(head, request.head.method)
    return isMessageFailure(framing) ? refused('bad-response', framing.problem) : { state: 'head', head, framing }
  }

  body(framing: Framing): BodySource {
    return new Http1BodySource(this.#upstream.reader, framing)
  }

  takeOver(): TakenOver {
    const { socket, reader } = this.#upstream
    return { socket, held: reader.release() }
  }

  release(keeps: KeptUpstream): void {
    this.#kept.give(this.#upstream, keeps)
  }

  destroy(): void {
    this.#upstream.socket.destroy()
  }
}

function refused(reason: 'response-timeout' | 'bad-response', explain?: string): AnswerHead {
  return { state: 'refused', refusal: refusal(reason, explain), isStale: false }
}
