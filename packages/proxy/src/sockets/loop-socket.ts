import { Socket } from 'node:net'
import { formatAddress } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { beginConnection, connectionError, resetOnClose } from './begin-connection.ts'
import type { ByteSocket } from './byte-socket.ts'
import { SendingSocket } from './sending-socket.ts'
import { readSocketAddress } from './socket-address.ts'
import { int32, socketError } from './socket-calls.ts'
import { ENDED, FAILED, HUNG_UP, READABLE, WRITABLE, type SocketLoop } from './socket-loop.ts'

const ALL = READABLE | WRITABLE | ENDED
const ENDING = ENDED | FAILED | HUNG_UP

/**
 * One connection of the loop. It behaves as a socket of Node with `allowHalfOpen` and `noDelay` does where the proxy can tell, except for
 * what it reads while it is paused. A failure after the connection was made is its close, and nothing else.
 */
export class LoopSocket extends SendingSocket implements ByteSocket {
  readonly remote: SocketEnd | null
  #isInLoop = false
  #node: Socket | null = null

  private constructor(loop: SocketLoop, fd: number, remote: SocketEnd | null, isConnecting: boolean) {
    super(loop, fd, isConnecting)
    this.remote = remote
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

  destroy(): this {
    if (this.destroyed) return this
    if (this.#node !== null) {
      this.#node.destroy()
      return this
    }
    this.destroyed = true
    this.stopReceiving()
    this.takeUnsent()
    if (this.fd >= 0) {
      this.loop.unwatch(this, true)
      this.loop.calls.close(this.fd)
    }
    this.loop.closed(this)
    return this
  }

  resetAndDestroy(): void {
    if (!this.destroyed && this.#node === null) resetOnClose(this.loop.calls, this.fd)
    this.destroy()
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
    for (const octets of this.takeUnsent()) node.write(octets)
    node.on('error', () => node.destroy())
    node.once('close', () => {
      this.destroyed = true
      this.onClosed()
    })
    return node
  }

  onEvents(mask: number): void {
    if (this.isConnecting) return this.#connected(mask)
    if ((mask & WRITABLE) !== 0) this.flush()
    if (this.destroyed || (mask & (READABLE | ENDING)) === 0) return
    // A reset behind the end; in front of it are octets that were not read yet.
    if (this.readableEnded && (mask & FAILED) !== 0) this.destroy()
    else this.readable((mask & ENDING) !== 0)
  }

  abandon(): void {
    this.destroy()
  }

  protected peerEnded(): void {
    if (this.writableEnded && this.writableLength === 0) this.destroy()
  }

  #connected(mask: number): void {
    if ((mask & (FAILED | HUNG_UP)) !== 0) return this.#fail(connectionError(this.loop.calls, this.fd))
    this.isConnecting = false
    this.emit('connect')
    if (this.destroyed) return
    this.flush()
    if (this.writableEnded && this.writableLength === 0) this.shut()
    if ((mask & (READABLE | ENDING)) !== 0) this.onEvents(mask & ~WRITABLE)
  }

  #fail(errno: number): void {
    if (this.destroyed) return
    this.emit('error', socketError('connect', errno))
    this.destroy()
  }
}
