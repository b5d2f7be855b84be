import type { Address } from '@sallyport/net'
import { poolKey, type Upstream, type UpstreamPool } from '../connect/upstream-pool.ts'
import type { KeptUpstream } from './exchange.ts'

/** Connections to servers that one client goes on using, and what it shares with all. */
export class KeptUpstreams implements Disposable {
  readonly #pool: UpstreamPool
  #own: Upstream | null = null

  constructor(pool: UpstreamPool) {
    this.#pool = pool
  }

  take(addresses: readonly Address[], port: number): Upstream | null {
    const own = this.#own
    const isThere = own !== null && addresses.some((address) => poolKey(address, port) === own.key)
    return (isThere ? this.takeOwn() : null) ?? this.#pool.take(addresses, port)
  }

  /** The connection of one's own, wherever it leads. */
  takeOwn(): Upstream | null {
    const own = this.#own
    this.#own = null
    const isOpen = own !== null && !own.socket.destroyed && own.reader.held === 0 && !own.reader.isEnded
    if (!isOpen) own?.socket.destroy()
    return isOpen ? { ...own, isReused: true } : null
  }

  give(upstream: Upstream, kept: KeptUpstream): void {
    if (kept === 'pool') return this.#pool.put(upstream)
    if (kept === 'no') return void upstream.socket.destroy()
    this.#own?.socket.destroy()
    this.#own = upstream
  }

  [Symbol.dispose](): void {
    this.#own?.socket.destroy()
  }
}
