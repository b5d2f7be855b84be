import { connect, type ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Refusal } from '../answers.ts'
import type { JudgedAddress } from '../connect/judge-addresses.ts'
import { connectTo } from '../connect/reach-server.ts'
import { newUpstream } from '../connect/upstream-pool.ts'
import { wayTo } from '../connect/way.ts'
import type { Answerer } from '../http/answerer.ts'
import { Http1Answerer } from '../http/http1-answerer.ts'
import type { KeptUpstreams } from '../http/kept-upstreams.ts'
import { isRefusal, type Destination } from '../http/request-target.ts'
import { Http2Answerer } from '../http2/http2-answerer.ts'
import { http2Bounds } from '../http2/http2-limits.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { asNodeSocket } from '../sockets/socket-ends.ts'
import { openTls, type ServerTrust } from './open-tls.ts'

const BOTH = ['h2', 'http/1.1']

/**
 * The server of an inspected tunnel. Its first connection is the one that the tunnel was opened with; of HTTP/2 one is enough, of
 * HTTP/1.1 there is one for each request under way. Nobody else gets them: the host was checked for this client's tunnel.
 */
export class InspectedServer implements Disposable {
  readonly #core: ProxyCore
  readonly #host: string
  readonly #trust: ServerTrust
  readonly #to: JudgedAddress
  readonly #destination: Destination
  #raw: Socket | null
  #session: ClientHttp2Session | null = null
  /** The first connection, which says what the server speaks. */
  #first: Promise<unknown> | null = null

  constructor(
    core: ProxyCore,
    raw: Socket,
    server: {
      readonly host: string
      readonly trust: ServerTrust
      readonly to: JudgedAddress
      readonly destination: Destination
    },
  ) {
    this.#core = core
    this.#raw = raw
    this.#host = server.host
    this.#trust = server.trust
    this.#to = server.to
    this.#destination = server.destination
  }

  async open(
    kept: KeptUpstreams,
    { mustBeHttp1, mayReuse }: { readonly mustBeHttp1: boolean; readonly mayReuse: boolean },
  ): Promise<Answerer | Refusal> {
    if (!mustBeHttp1 && this.#first !== null) await this.#first
    if (!mustBeHttp1 && mayReuse && this.#session?.closed === false && !this.#session.destroyed) {
      this.#core.counters.add('upstreamReused')
      return new Http2Answerer(this.#core, this.#session, true)
    }
    const idle = mayReuse ? kept.takeOwn() : null
    if (idle !== null) {
      this.#core.counters.add('upstreamReused')
      return new Http1Answerer(this.#core, idle, kept)
    }
    const opening = this.#connect(kept, mustBeHttp1 ? ['http/1.1'] : BOTH)
    if (!mustBeHttp1) this.#first ??= opening
    return opening
  }

  [Symbol.dispose](): void {
    this.#raw?.destroy()
    this.#session?.destroy()
  }

  async #connect(kept: KeptUpstreams, protocols: readonly string[]): Promise<Answerer | Refusal> {
    const { timeouts, limits } = this.#core
    const socket = this.#raw ?? (await this.#reopen())
    this.#raw = null
    if ('reason' in socket) return socket
    const tls = await openTls(socket, this.#host, this.#trust, protocols, timeouts.connectMs)
    if (isRefusal(tls)) return tls
    if (tls.alpnProtocol !== 'h2') {
      return new Http1Answerer(this.#core, newUpstream(tls, this.#to.address, this.#destination.port), kept)
    }
    const session = connect(`https://${this.#host}`, { ...http2Bounds(limits), createConnection: () => tls })
    session.on('error', () => session.destroy())
    session.on('stream', (stream) => stream.close())
    this.#session = session
    this.#core.counters.add('upstreamHttp2')
    return new Http2Answerer(this.#core, session, false)
  }

  async #reopen(): Promise<Socket | Refusal> {
    const opened = await connectTo(this.#core, null, wayTo(this.#core, this.#destination, [this.#to]))
    return isRefusal(opened) ? opened : asNodeSocket(opened.socket)
  }
}
