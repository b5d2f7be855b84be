import { Socket } from 'node:net'
import { formatAddress } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { beginConnection, connectionError, resetOnClose } from './begin-connection.ts'
import type { ByteSocket } from './byte-socket.ts'
import { ReceivingSocket } from './receiving-socket.ts'
import { SendQueue, type Sent } from './send-queue.ts'
import { readSocketAddress } from './socket-address.ts'
import { int32, SHUT_WR, socketError } from './socket-calls.ts'
import { ENDED, FAILED, HUNG_UP, READABLE, WRITABLE, type SocketLoop } from './socket-loop.ts'

const ALL = READABLE | WRITABLE | ENDED
const ENDING = ENDED | FAILED | HUNG_UP
/** What may wait to be sent before whoever writes is asked to wait, as with Node. */
const HIGH_WATER = 65_536
const NOBODY: readonly (() => void)[] = []

/**
 * One connection of the loop. It behaves as a socket of Node with `allowHalfOpen` and `noDelay` does where the proxy can tell, except for
 * what it reads while it is paused. A failure after the connection was made is its close, and nothing else.
 */
export class LoopSocket extends ReceivingSocket implements ByteSocket {
  readonly remote: SocketEnd | null
  writableEnded = false
  readonly #queue: SendQueue
  #isConnecting: boolean
  #needsDrain = false
  #closesWhenSent = false
  #corked = 0
  #isInLoop = false
  #whenSent: readonly (() => void)[] = NOBODY
  #node: Socket | null = null

  private constructor(loop: SocketLoop, fd: number, remote: SocketEnd | null, isConnecting: boolean) {
    super(loop, fd)
    this.remote = remote
    this.#isConnecting = isConnecting
    this.#queue = new SendQueue(loop, fd)
    if (fd >= 0) this.joinLoop()
  }

  /** Its options are those of the socket that it was accepted from. */
  static accepted(loop: SocketLoop, fd: number, remote: SocketEnd | null): LoopSocket {
    const socket = new LoopSocket(loop, fd, remote, false)
    socket.setSilent(true)
    return socket
  }

  /** `connect` or `error` follows. */
  static connect(loop: SocketLoop, to: SocketEnd): LoopSocket {
    const { fd, errno } = beginConnection(loop, to)
    const socket = new LoopSocket(loop, fd, to, true)
    if (errno !== 0) setImmediate(() => socket.#fail(errno))
    return socket
  }

  get writable(): boolean {
    return !this.destroyed && !this.writableEnded
  }

  get writableLength(): number {
    return this.#queue.length
  }

  get remoteAddress(): string | undefined {
    return this.remote === null ? undefined : formatAddress(this.remote.address)
  }

  get remotePort(): number | undefined {
    return this.remote?.port
  }

  /** This end of the connection. */
  get local(): SocketEnd | null {
    const { calls, end } = this.loop
    if (this.destroyed || calls.getsockname(this.fd, end.octets, int32(end.octets.length)) < 0) return null
    return readSocketAddress(end)
  }

  write(octets: Uint8Array | string, encoding?: 'latin1'): boolean {
    if (!this.writable) return false
    if (octets.length > 0) this.#put(octets, encoding)
    if (this.#queue.length < HIGH_WATER) return true
    this.#needsDrain = true
    return false
  }

  end(octets?: Uint8Array | string, encoding?: 'latin1'): this {
    if (!this.writable) return this
    this.#corked = 0
    this.writableEnded = true
    if (octets !== undefined && octets.length > 0) this.#put(octets, encoding)
    else if (this.#queue.length > 0) this.#flush()
    else if (!this.#isConnecting) this.#shut()
    return this
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked > 0 && --this.#corked === 0) this.#flush()
  }

  destroy(): this {
    if (this.destroyed) return this
    if (this.#node !== null) {
      this.#node.destroy()
      return this
    }
    this.destroyed = true
    this.stopReceiving()
    this.#queue.take()
    if (this.fd >= 0) {
      this.loop.unwatch(this, true)
      this.loop.calls.close(this.fd)
    }
    this.loop.closed(this)
    return this
  }

  /** When all that was written has left. */
  destroySoon(): void {
    if (this.destroyed) return
    this.#closesWhenSent = true
    this.end()
    if (this.#queue.length === 0) this.destroy()
  }

  resetAndDestroy(): void {
    if (!this.destroyed && this.#node === null) resetOnClose(this.loop.calls, this.fd)
    this.destroy()
  }

  /** Once nothing waits to be sent. */
  whenSent(then: () => void): void {
    if (this.#queue.length === 0) then()
    else this.#whenSent = [...this.#whenSent, then]
  }

  /** Somebody else moves its octets for a while. */
  leaveLoop(): void {
    if (this.#isInLoop && !this.destroyed) this.loop.unwatch(this, false)
    this.#isInLoop = false
  }

  joinLoop(): void {
    if (this.#isInLoop || this.destroyed) return
    this.#isInLoop = this.loop.watch(this, ALL, true)
    if (!this.#isInLoop) this.destroy()
  }

  /** The same connection as Node's, for whoever needs that; this one is then its close alone. */
  toNode(): Socket {
    if (this.#node !== null) return this.#node
    // Its descriptor may be another connection's by now.
    if (this.destroyed) return new Socket().destroy()
    this.leaveLoop()
    this.stopReceiving()
    const node = new Socket({ fd: this.fd, readable: true, writable: true, allowHalfOpen: true })
    this.#node = node
    for (const octets of this.#queue.take()) node.write(octets)
    node.on('error', () => node.destroy())
    node.once('close', () => {
      this.destroyed = true
      this.onClosed()
    })
    return node
  }

  onEvents(mask: number): void {
    if (this.#isConnecting) return this.#connected(mask)
    if ((mask & WRITABLE) !== 0 && this.#queue.length > 0) this.#flush()
    if (this.destroyed || (mask & (READABLE | ENDING)) === 0) return
    // A reset behind the end; in front of it are octets that were not read yet.
    if (this.readableEnded && (mask & FAILED) !== 0) this.destroy()
    else this.readable((mask & ENDING) !== 0)
  }

  abandon(): void {
    this.destroy()
  }

  protected peerEnded(): void {
    if (this.writableEnded && this.#queue.length === 0) this.destroy()
  }

  #connected(mask: number): void {
    if ((mask & (FAILED | HUNG_UP)) !== 0) return this.#fail(connectionError(this.loop.calls, this.fd))
    this.#isConnecting = false
    this.emit('connect')
    if (this.destroyed) return
    this.#flush()
    if (this.writableEnded && this.#queue.length === 0) this.#shut()
    if ((mask & (READABLE | ENDING)) !== 0) this.onEvents(mask & ~WRITABLE)
  }

  #fail(errno: number): void {
    if (this.destroyed) return
    this.emit('error', socketError('connect', errno))
    this.destroy()
  }

  #put(octets: Uint8Array | string, encoding: 'latin1' | undefined): void {
    if (this.#queue.length === 0 && this.#maySend()) return this.#settle(this.#queue.send(octets, encoding))
    this.#queue.push(octets, encoding)
    this.#flush()
  }

  #flush(): void {
    if (this.#queue.length > 0 && this.#maySend()) this.#settle(this.#queue.flush())
  }

  #maySend(): boolean {
    return !this.#isConnecting && this.#corked === 0
  }

  #settle(after: Sent): void {
    this.moved()
    if (after === 'failed') return void this.destroy()
    if (after === 'waiting') return
    const whenSent = this.#whenSent
    this.#whenSent = NOBODY
    for (const then of whenSent) then()
    if (this.#needsDrain) process.nextTick(() => this.#drained())
    if (this.writableEnded) this.#shut()
    if (this.#closesWhenSent) this.destroy()
  }

  #drained(): void {
    if (!this.#needsDrain || this.#queue.length > 0 || this.destroyed) return
    this.#needsDrain = false
    this.roomAgain()
  }

  /** Nothing more will be written. Where the other side has ended as well, that is the end. */
  #shut(): void {
    if (this.readableEnded) this.destroy()
    else if (!this.destroyed) this.loop.calls.shutdown(this.fd, SHUT_WR)
  }
}
