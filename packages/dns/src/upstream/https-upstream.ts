import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { isWireFailure, parseMessage } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import { abandoned, NETWORK_ERROR, TIMED_OUT, type Exchange, type ExchangeFailure } from './exchange.ts'
import { isCertificateError, openTls } from './open-tls.ts'
import { matchAnswer, type OutgoingQuery } from './outgoing-query.ts'
import type { UpstreamServer } from './upstream-server.ts'

const MEDIA_TYPE = 'application/dns-message'
const MOST_STREAMS = 256
const MOST_OCTETS = 65535
const IDLE_MS = 30_000

/** One server over HTTP/2 (RFC 8484); queries share a connection. HTTP/1.1 would give each of them a connection. */
export class HttpsUpstream {
  readonly #server: UpstreamServer
  readonly #counters: Counters
  #session: Promise<ClientHttp2Session | ExchangeFailure> | null = null
  #ticket: Buffer | null = null
  #answered = false
  #streams = 0

  constructor(server: UpstreamServer, counters: Counters) {
    this.#server = server
    this.#counters = counters
  }

  async exchange(make: () => OutgoingQuery, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    if (signal.aborted) return abandoned(signal)
    if (this.#streams >= MOST_STREAMS) {
      this.#counters.add('upstreamBusy')
      return { kind: 'failed', reason: 'busy' }
    }
    const until = performance.now() + timeoutMs
    for (;;) {
      const fresh = this.#session === null
      const opening = (this.#session ??= this.#open())
      this.#counters.add('upstreamQueriesHttps')
      this.#streams++
      const result = await this.#askOver(opening, make(), Math.max(1, until - performance.now()), signal)
      this.#streams--
      if (result.kind === 'failed' && (result === TIMED_OUT ? !this.#answered : !signal.aborted)) this.#drop(opening)
      // The server may close a connection at any time (RFC 9113 §9.1): that says nothing about it.
      if (result !== NETWORK_ERROR || fresh || signal.aborted || performance.now() >= until) return result
    }
  }

  close(): void {
    if (this.#session !== null) this.#drop(this.#session)
  }

  /** The session once the server is known to be the one meant, or why there is none. */
  async #open(): Promise<ClientHttp2Session | ExchangeFailure> {
    const { address, serverName, port } = this.#server
    this.#answered = false
    this.#counters.add('upstreamConnections')
    const socket = openTls(this.#server, ['h2'], this.#ticket)
    socket.on('session', (ticket: Buffer) => (this.#ticket = ticket))
    const failure = await handshake(socket)
    if (failure !== null) return failure
    const name = serverName ?? (address.includes(':') ? `[${address}]` : address)
    const session = connect(`https://${name}:${port}`, {
      createConnection: () => socket,
      settings: { enablePush: false },
      maxSessionMemory: 4,
    })
    // Its streams hear of it too.
    session.on('error', () => session.destroy())
    for (const event of ['goaway', 'close']) session.on(event, () => this.#forget(session))
    session.setTimeout(IDLE_MS, () => session.destroy())
    return session
  }

  /** New queries go over a new connection; those on their way may still be answered. */
  async #forget(session: ClientHttp2Session): Promise<void> {
    const opening = this.#session
    if (opening !== null && (await opening) === session && this.#session === opening) this.#session = null
  }

  #drop(opening: Promise<ClientHttp2Session | ExchangeFailure>): void {
    if (this.#session === opening) this.#session = null
    void opening.then((session) => typeof session === 'string' || session.destroy())
  }

  async #askOver(
    opening: Promise<ClientHttp2Session | ExchangeFailure>,
    query: OutgoingQuery,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Exchange> {
    const until = performance.now() + timeoutMs
    const session = await firstOf(opening, timeoutMs, signal)
    if (session === null) return signal.aborted ? abandoned(signal) : TIMED_OUT
    if (session === 'network') return NETWORK_ERROR
    if (typeof session === 'string') return { kind: 'failed', reason: session }
    return await this.#ask(session, query, Math.max(1, until - performance.now()), signal)
  }

  #ask(session: ClientHttp2Session, query: OutgoingQuery, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let size = 0
      let stream: ClientHttp2Stream | null = null
      const timer = setTimeout(() => finish(TIMED_OUT), timeoutMs)
      const abort = (): void => finish(abandoned(signal))
      const finish = (result: Exchange): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        if (stream?.closed === false) stream.close(constants.NGHTTP2_CANCEL)
        resolve(result)
      }
      const failed = (): void => finish(NETWORK_ERROR)
      signal.addEventListener('abort', abort)
      if (session.destroyed || session.closed) return failed()
      stream = session.request({
        ':method': 'POST',
        ':path': this.#server.path ?? '/dns-query',
        accept: MEDIA_TYPE,
        'content-type': MEDIA_TYPE,
        'content-length': query.bytes.length,
      })
      stream.on('error', failed)
      stream.on('close', failed)
      stream.on('response', (headers) => {
        const type = String(headers['content-type'] ?? '').split(';')[0]
        if (headers[':status'] !== 200 || type !== MEDIA_TYPE) finish({ kind: 'failed', reason: 'protocol' })
      })
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MOST_OCTETS) finish({ kind: 'failed', reason: 'protocol' })
      })
      stream.on('end', () => {
        // An empty end is that of a request which failed.
        if (size > 0) finish(this.#read(query, Buffer.concat(chunks)))
      })
      stream.end(query.bytes)
    })
  }

  #read(query: OutgoingQuery, bytes: Buffer): Exchange {
    const message = parseMessage(bytes)
    if (isWireFailure(message)) {
      this.#counters.add('upstreamMalformed')
      return { kind: 'failed', reason: 'protocol' }
    }
    if (matchAnswer(query.message, message) === 'other') {
      this.#counters.add('upstreamMismatches')
      return { kind: 'failed', reason: 'protocol' }
    }
    this.#answered = true
    return { kind: 'answer', message }
  }
}

/** `null` when it succeeds, with HTTP/2 agreed on; then only `secureConnect` has been, and nothing written. */
function handshake(socket: TLSSocket): Promise<ExchangeFailure | null> {
  return new Promise((resolve) => {
    socket.on('error', (error) => resolve(isCertificateError(error) ? 'certificate' : 'network'))
    socket.once('close', () => resolve('network'))
    socket.once('secureConnect', () => {
      // By the pin: the error follows.
      if (socket.destroyed) return
      if (socket.alpnProtocol === 'h2') return resolve(null)
      socket.destroy()
      resolve('protocol')
    })
  })
}

/** What `work` comes to, or `null` when the time is over or the signal aborted before. */
async function firstOf<Result>(work: Promise<Result>, timeoutMs: number, signal: AbortSignal): Promise<Result | null> {
  const { promise: over, resolve } = Promise.withResolvers<null>()
  const end = (): void => resolve(null)
  const timer = setTimeout(end, timeoutMs)
  signal.addEventListener('abort', end)
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}
