import { formatAddress, type Address } from '@sallyport/net'
import { ByteReader } from '../client/byte-reader.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'

/** A connection to a server that requests go out on, one after another. */
export type Upstream = {
  readonly socket: ByteSocket
  readonly reader: ByteReader
  readonly key: string
  readonly isReused: boolean
}

/** Servers close what is idle; sooner than most of them do, so that few requests meet a closing connection. */
const KEPT_MS = 4000

/** Idle connections by address and port. Octets that come while a connection is idle belong to no request: it is closed. */
export class UpstreamPool {
  readonly #most: number
  readonly #idle = new Map<string, Upstream[]>()
  readonly #drops = new WeakMap<ByteSocket, () => void>()
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  take(addresses: readonly Address[], port: number): Upstream | null {
    for (const address of addresses) {
      const list = this.#idle.get(poolKey(address, port))
      const upstream = list?.pop()
      if (upstream === undefined) continue
      this.#count--
      if (list!.length === 0) this.#idle.delete(upstream.key)
      this.#release(upstream)
      if (isQuiet(upstream)) return { ...upstream, isReused: true }
      upstream.socket.destroy()
    }
    return null
  }

  put(upstream: Upstream): void {
    if (this.#count >= this.#most || !isQuiet(upstream)) return void upstream.socket.destroy()
    const list = this.#idle.get(upstream.key) ?? []
    list.push(upstream)
    this.#idle.set(upstream.key, list)
    this.#count++
    upstream.socket.setTimeout(KEPT_MS)
    const drop = (): void => this.#drop(upstream)
    this.#drops.set(upstream.socket, drop)
    for (const event of EVENTS) upstream.socket.once(event, drop)
  }

  close(): void {
    for (const list of this.#idle.values()) for (const { socket } of list) socket.destroy()
  }

  #release({ socket }: Upstream): void {
    socket.setTimeout(0)
    const drop = this.#drops.get(socket)
    if (drop !== undefined) for (const event of EVENTS) socket.off(event, drop)
  }

  #drop(upstream: Upstream): void {
    upstream.socket.destroy()
    const list = this.#idle.get(upstream.key)
    const at = list?.indexOf(upstream) ?? -1
    if (at < 0) return
    list!.splice(at, 1)
    this.#count--
    if (list!.length === 0) this.#idle.delete(upstream.key)
  }
}

const EVENTS = ['timeout', 'data', 'end', 'close'] as const

function isQuiet({ socket, reader }: Upstream): boolean {
  return !socket.destroyed && socket.writable && reader.held === 0 && !reader.isEnded
}

export function poolKey(address: Address, port: number): string {
  return `${formatAddress(address)} ${port}`
}

export function newUpstream(socket: ByteSocket, address: Address, port: number): Upstream {
  return { socket, reader: new ByteReader(socket), key: poolKey(address, port), isReused: false }
}
