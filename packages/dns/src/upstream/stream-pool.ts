import { connect } from 'node:net'
import type { Counters } from '../counters.ts'
import { NETWORK_ERROR, type Exchange } from './exchange.ts'
import { openTls } from './open-tls.ts'
import type { OutgoingQuery } from './outgoing-query.ts'
import { StreamConnection } from './stream-connection.ts'
import type { UpstreamServer } from './upstream-server.ts'

const MOST_CONNECTIONS = 4

/** Connections to one server, over TCP or TLS, opened as they are needed and used again. */
export class StreamPool {
  readonly #server: UpstreamServer
  readonly #secure: boolean
  readonly #counters: Counters
  #connections: StreamConnection[] = []
  #session: Buffer | null = null

  constructor(server: UpstreamServer, secure: boolean, counters: Counters) {
    this.#server = server
    this.#secure = secure
    this.#counters = counters
  }

  /** `make` writes the query anew, with an id of its own. */
  async exchange(make: () => OutgoingQuery, timeoutMs: number, signal: AbortSignal): Promise<Exchange> {
    const until = performance.now() + timeoutMs
    for (;;) {
      const connection = this.#free()
      if (connection === null) {
        this.#counters.add('upstreamBusy')
        return { kind: 'failed', reason: 'busy' }
      }
      const usedBefore = connection.hasAnswered
      let query = make()
      while (connection.hasId(query.message.header.id)) query = make()
      this.#counters.add(this.#secure ? 'upstreamQueriesTls' : 'upstreamQueriesTcp')
      const left = until - performance.now()
      const result = await connection.exchange(query, Math.max(1, left), signal)
      // RFC 7766 §6.2.4: a connection that the server closed while the query was on its way says nothing about the server.
      if (result !== NETWORK_ERROR || !usedBefore || signal.aborted) return result
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }

  #free(): StreamConnection | null {
    this.#connections = this.#connections.filter((connection) => connection.isOpen)
    const free = this.#connections.find((connection) => connection.isFree)
    if (free !== undefined) return free
    if (this.#connections.length >= MOST_CONNECTIONS) return null
    const opened = this.#secure ? this.#openTls() : this.#openTcp()
    this.#counters.add('upstreamConnections')
    this.#connections.push(opened)
    return opened
  }

  #openTcp(): StreamConnection {
    const { address, port } = this.#server
    return new StreamConnection(connect({ host: address, port }), 'connect', this.#counters)
  }

  #openTls(): StreamConnection {
    const socket = openTls(this.#server, ['dot'], this.#session)
    socket.on('session', (session: Buffer) => (this.#session = session))
    return new StreamConnection(socket, 'secureConnect', this.#counters)
  }
}
