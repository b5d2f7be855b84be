import type { Socket } from 'node:net'
import { isWireFailure, parseMessage } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import { frame, FrameReader } from '../listen/frames.ts'
import { abandoned, NETWORK_ERROR, TIMED_OUT, type Exchange } from './exchange.ts'
import { isCertificateError } from './open-tls.ts'
import { matchAnswer, type OutgoingQuery } from './outgoing-query.ts'

type Waiting = { readonly query: OutgoingQuery; readonly finish: (result: Exchange) => void }

/** RFC 7766 §6.2.1.1: so many queries may be on their way at once; their answers come in any order. */
const MOST_PIPELINED = 128
/** RFC 7766 §6.2.3: the client closes first; servers wait for some seconds. */
const IDLE_MS = 8000

/** One connection over TCP or TLS with queries one behind the other. */
export class StreamConnection {
  readonly #socket: Socket
  readonly #counters: Counters
  readonly #waiting = new Map<number, Waiting>()
  readonly #idle: NodeJS.Timeout
  #open = true
  #answered = false

  constructor(socket: Socket, ready: 'connect' | 'secureConnect', counters: Counters) {
    this.#socket = socket
    this.#counters = counters
    const frames = new FrameReader(65535)
    this.#idle = setTimeout(() => this.#waiting.size === 0 && this.close(), IDLE_MS)
    socket.setNoDelay(true)
    // Until then writes wait: nothing may reach a server whose key has not been checked.
    socket.cork()
    socket.once(ready, () => process.nextTick(() => socket.uncork()))
    socket.on('error', (error) => this.#end(isCertificateError(error) ? 'certificate' : 'network'))
    socket.on('close', () => this.#end('network'))
    socket.on('data', (chunk: Buffer) => {
      const messages = frames.push(chunk)
      if (messages === null) return this.#end('protocol')
      for (const bytes of messages) this.#take(bytes)
    })
  }

  get isOpen(): boolean {
    return this.#open
  }

  get isFree(): boolean {
    return this.#open && this.#waiting.size < MOST_PIPELINED
  }

  /** Whether the server may have closed it while it waited: then the query is worth another connection. */
  get hasAnswered(): boolean {
    return this.#answered
  }

  hasId(id: number): boolean {
    return this.#waiting.has(id)
  }

  exchange(query: OutgoingQuery, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    if (signal.aborted) return Promise.resolve(abandoned(signal))
    const { id } = query.message.header
    return new Promise((resolve) => {
      // A server that answers nothing on this connection is asked on a new one the next time.
      const timer = setTimeout(() => {
        finish(TIMED_OUT)
        if (!this.#answered) this.close()
      }, timeoutMs)
      const abort = (): void => finish(abandoned(signal))
      const finish = (result: Exchange): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        this.#waiting.delete(id)
        this.#idle.refresh()
        resolve(result)
      }
      signal.addEventListener('abort', abort)
      this.#waiting.set(id, { query, finish })
      this.#socket.write(frame(query.bytes))
    })
  }

  close(): void {
    this.#end('network')
  }

  #take(bytes: Uint8Array): void {
    const message = parseMessage(bytes)
    if (isWireFailure(message)) {
      this.#counters.add('upstreamMalformed')
      return this.#end('protocol')
    }
    const waiting = this.#waiting.get(message.header.id)
    // The answer to a query that was given up may still come.
    if (waiting === undefined) return
    const match = matchAnswer(waiting.query.message, message)
    if (match === 'other') {
      this.#counters.add('upstreamMismatches')
      return this.#end('protocol')
    }
    this.#answered = true
    waiting.finish(match === 'match' ? { kind: 'answer', message } : { kind: 'unproven', lacks: 'case', message })
  }

  #end(reason: 'network' | 'certificate' | 'protocol'): void {
    if (!this.#open) return
    this.#open = false
    clearTimeout(this.#idle)
    this.#socket.destroy()
    const result: Exchange = reason === 'network' ? NETWORK_ERROR : { kind: 'failed', reason }
    for (const { finish } of this.#waiting.values()) finish(result)
  }
}
