import { listMembers, type Framing, type RequestHead, type ResponseHead } from '@sallyport/wire'
import type { Refusal } from '../answers.ts'
import { writeWithin } from '../client/byte-reader.ts'
import type { Client } from '../client/client.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { AfterRequest, Asker, HttpVersion, TakenOver } from './asker.ts'
import type { BodySink, BodySource } from './body.ts'
import { responseHeadText } from './forward-fields.ts'
import { http1BodySink, Http1BodySource } from './http1-body.ts'
import { refuseRequest } from './refuse-request.ts'

type Connection = 'close' | 'keep-alive' | 'upgrade' | null

/** A request of HTTP/1.x. */
export class Http1Asker implements Asker {
  readonly peer: Client
  readonly version: HttpVersion
  readonly head: RequestHead
  readonly framing: Framing
  readonly body: BodySource
  readonly #core: ProxyCore
  #mayKeep: boolean

  constructor(core: ProxyCore, client: Client, head: RequestHead, framing: Framing) {
    this.#core = core
    this.peer = client
    this.version = `1.${head.minor}`
    this.head = head
    this.framing = framing
    this.body = new Http1BodySource(client.reader, framing)
    this.#mayKeep = keepsClient(head)
  }

  get isGone(): boolean {
    return this.peer.socket.destroyed
  }

  whenGone(then: () => void): Disposable {
    const { socket } = this.peer
    socket.once('close', then)
    return { [Symbol.dispose]: () => void socket.off('close', then) }
  }

  sendContinue(): void {
    const { reader, socket } = this.peer
    if (reader.held === 0) socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  async interim(head: ResponseHead, version: HttpVersion): Promise<unknown> {
    return this.head.minor === 1 ? this.#sendHead(head, { kind: 'none' }, version, null, null) : undefined
  }

  async answer(head: ResponseHead, framing: Framing, version: HttpVersion): Promise<BodySink | null> {
    const shown = this.#shownFraming(framing)
    this.#mayKeep &&= !this.#core.isDraining && shown.kind !== 'until-close'
    const connection = !this.#mayKeep ? 'close' : this.head.minor === 0 ? 'keep-alive' : null
    const { socket } = this.peer
    // A short answer leaves as one packet.
    socket.cork()
    const sent = this.#sendHead(head, shown, version, connection, this.peer.login.takeReply())
    process.nextTick(() => socket.uncork())
    return (await sent) ? http1BodySink(socket, shown) : null
  }

  async takeOver(head: ResponseHead, version: HttpVersion): Promise<TakenOver> {
    await this.#sendHead(head, { kind: 'none' }, version, 'upgrade', this.peer.login.takeReply())
    const { socket, reader } = this.peer
    return { socket, held: reader.release() }
  }

  refuse(no: Refusal, record: OpenRecord): Promise<AfterRequest> {
    return refuseRequest(this.#core, this.peer, this.head, record, no, this.#mayKeep && this.body.isEnd)
  }

  cut(): void {
    this.peer.socket.destroy()
  }

  after(isWhole: boolean): AfterRequest {
    return this.#mayKeep && isWhole ? 'keep' : 'close'
  }

  #sendHead(
    head: ResponseHead,
    shown: Framing,
    version: HttpVersion,
    connection: Connection,
    authenticate: string | null,
  ): Promise<boolean> {
    const via = `${version} ${this.#core.via}`
    const text = responseHeadText(head, shown, { connection, via, authenticate, isHead: this.head.method === 'HEAD' })
    return writeWithin(this.peer.socket, text, this.#core.timeouts.bodyIdleMs)
  }

  /** HTTP/1.0 knows no chunks: there a body without a length ends with the connection. */
  #shownFraming(framing: Framing): Framing {
    const isUnbounded = framing.kind === 'chunked' || framing.kind === 'until-close'
    if (!isUnbounded) return framing
    return this.head.minor === 1 ? { kind: 'chunked' } : { kind: 'until-close' }
  }
}

function keepsClient({ fields, minor }: RequestHead): boolean {
  const said = [...listMembers(fields, 'connection'), ...listMembers(fields, 'proxy-connection')]
  return minor === 1 ? !said.includes('close') : said.includes('keep-alive') && !said.includes('close')
}
