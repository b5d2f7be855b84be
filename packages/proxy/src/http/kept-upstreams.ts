import type { Address } from '@sallyport/net'
import { poolKey, type Upstream, type UpstreamPool } from '../connect/upstream-pool.ts'
import type { KeptUpstream } from './answerer.ts'

/** Connections to servers that one client goes on using, and what it shares with all. */
export class KeptUpstreams implements Disposable {
  readonly #pool: UpstreamPool
  #own: Upstream[] = []

  constructor(pool: UpstreamPool) {
    this.#pool = pool
  }

  take(addresses: readonly Address[], port: number): Upstream | null {
    const own = this.#own.at(-1)
    const isThere = own !== undefined && addresses.some((address) => poolKey(address, port) === own.key)
    return (isThere ? this.takeOwn() : null) ?? this.#pool.take(addresses, port)
  }

  /** A connection of one's own, wherever it leads. */
  takeOwn(): Upstream | null {
    for (let own = this.#own.pop(); own !== undefined; own = this.#own.pop()) {
      if (!own.socket.destroyed && own.reader.held === 0 && !own.reader.isEnded) return { ...own, isReused: true }
      own.socket.destroy()
    }
    return null
  }

  give(upstream: Upstream, kept: KeptUpstream): void {
    if (kept === 'pool') return this.#pool.put(upstream)
    if (kept === 'no') return void upstream.socket.destroy()
    this.#own.push(upstream)
    if (this.#own.length > MOST_OWN) this.#own.shift()!.socket.destroy()
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#own) socket.destroy()
  }
}

/** A client of HTTP/2 may have more than one request under way to a server that takes one at a time. */
const MOST_OWN = 6
