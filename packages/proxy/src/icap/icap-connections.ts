import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ByteReader } from '../client/byte-reader.ts'
import type { IcapService } from './icap-service.ts'

export type IcapConnection = { readonly socket: Socket; readonly reader: ByteReader; readonly isReused: boolean }

const KEPT_MS = 20_000
const MOST_WAITING = 1000

/** Connections to one server: no more at a time than it can take, and those that are idle used again. */
export class IcapConnections {
  readonly #service: IcapService
  readonly #connectMs: number
  readonly #idle: IcapConnection[] = []
  readonly #waiting: (() => void)[] = []
  readonly #all = new Set<Socket>()
  #most: number
  #taken = 0

  constructor(service: IcapService, most: number, connectMs: number) {
    this.#service = service
    this.#most = most
    this.#connectMs = connectMs
  }

  /** The server may want fewer (RFC 3507 §4.10.2). */
  limit(most: number): void {
    this.#most = Math.max(1, Math.min(this.#most, most))
  }

  /** Null when none can be had in time. */
  async take(mayReuse: boolean): Promise<IcapConnection | null> {
    if (this.#taken >= this.#most && !(await this.#turn())) return null
    this.#taken++
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      idle.socket.setTimeout(0)
      if (mayReuse && !idle.socket.destroyed && idle.reader.held === 0 && !idle.reader.isEnded)
        return { ...idle, isReused: true }
      idle.socket.destroy()
    }
    const { host, port } = this.#service
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    socket.on('error', () => socket.destroy())
    this.#all.add(socket)
    socket.once('close', () => this.#all.delete(socket))
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(this.#connectMs) })
      return { socket, reader: new ByteReader(socket), isReused: false }
    } catch {
      socket.destroy()
      this.#free()
      return null
    }
  }

  /** `mayReuse`: what it answered is read to its end. */
  release(connection: IcapConnection, mayReuse: boolean): void {
    if (mayReuse && !connection.socket.destroyed && connection.reader.held === 0) {
      connection.socket.setTimeout(KEPT_MS, () => connection.socket.destroy())
      this.#idle.push(connection)
    } else connection.socket.destroy()
    this.#free()
  }

  close(): void {
    for (const socket of this.#all) socket.destroy()
  }

  #free(): void {
    this.#taken--
    this.#waiting.shift()?.()
  }

  #turn(): Promise<boolean> {
    if (this.#waiting.length >= MOST_WAITING) return Promise.resolve(false)
    return new Promise((resolve) => {
      const mine = (): void => {
        clearTimeout(late)
        resolve(true)
      }
      const late = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1)
        resolve(false)
      }, this.#connectMs)
      this.#waiting.push(mine)
    })
  }
}
