import { Socket } from 'node:net'
import { formatAddress } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { beginConnection, connectionError, resetOnClose } from './begin-connection.ts'
import type { ByteSocket } from './byte-socket.ts'
import type { Deadlines } from './deadlines.ts'
import { IdleTimer } from './idle-timer.ts'
import type { OctetTaker, Taking } from './octet-taker.ts'
import { SocketEvents } from './socket-events.ts'
import { SendQueue, type Sent } from './send-queue.ts'
import { readSocketAddress } from './socket-address.ts'
import { EAGAIN, EINTR, int32, SHUT_WR, socketError } from './socket-calls.ts'
import { ENDED, FAILED, HUNG_UP, READABLE, WRITABLE, type SocketLoop, type Watched } from './socket-loop.ts'

const ALL = READABLE | WRITABLE | ENDED
const ENDING = ENDED | FAILED | HUNG_UP
/** What may wait to be sent before whoever writes is asked to wait, as with Node. */
const HIGH_WATER = 65_536
const NOBODY: readonly (() => void)[] = []

/**
 * One connection of the loop. It behaves as a socket of Node with `allowHalfOpen` and `noDelay` does where the proxy can tell, except that
 * nothing is read, and so no end seen, while it is paused. A failure after the connection was made is its close, and nothing else.
 */
export class LoopSocket extends SocketEvents implements ByteSocket, Watched {
  readonly fd: number
  readonly use: number
  readonly remote: SocketEnd | null
  destroyed = false
  readableEnded = false
  writableEnded = false
  /** What was read is passed on at once. */
  readonly readableLength = 0
  readonly #loop: SocketLoop
  readonly #queue: SendQueue
  #idle: IdleTimer | null = null
  #taker: OctetTaker | null = null
  #isConnecting: boolean
  #isPaused = false
  #isFlowing = false
  #mayRead = false
  #isEnding = false
  #isTurnAsked = false
  #needsDrain = false
  #closesWhenSent = false
  #corked = 0
  #isInLoop = false
  #isSilent = false
  #whenSent: readonly (() => void)[] = NOBODY
  #node: Socket | null = null

  private constructor(loop: SocketLoop, fd: number, remote: SocketEnd | null, isConnecting: boolean) {
    super()
    this.#loop = loop
    this.fd = fd
    this.remote = remote
    this.use = loop.nextUse()
    this.#isConnecting = isConnecting
    this.#queue = new SendQueue(loop, fd)
    if (fd >= 0) this.joinLoop()
  }

  /** Its options are those of the socket that it was accepted from. */
  static accepted(loop: SocketLoop, fd: number, remote: SocketEnd | null): LoopSocket {
    const socket = new LoopSocket(loop, fd, remote, false)
    socket.#setSilent(true)
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

  get deadlines(): Deadlines {
    return this.#loop.deadlines
  }

  /** This end of the connection. */
  get local(): SocketEnd | null {
    const { calls, end } = this.#loop
    if (this.destroyed || calls.getsockname(this.fd, end.octets, int32(end.octets.length)) < 0) return null
    return readSocketAddress(end)
  }

  /** Whoever wants octets lets them flow, as with Node. */
  protected override heard(event: string): void {
    if (event === 'data' && !this.#isPaused) this.resume()
  }

  /** Beside those who listen. Whoever comes next waits until it has left. */
  take(taker: OctetTaker): Taking {
    if (this.#taker !== null) throw new Error('somebody else takes the octets of this connection')
    this.#taker = taker
    this.heard('data')
    return { leave: () => this.#leave(taker) }
  }

  isPaused(): boolean {
    return this.#isPaused
  }

  pause(): this {
    this.#isPaused = true
    this.#isFlowing = false
    return this
  }

  resume(): this {
    this.#isPaused = false
    this.#isFlowing = true
    if (this.#mayRead) this.#askTurn()
    return this
  }

  setTimeout(ms: number, then?: () => void): this {
    if (then !== undefined) this.once('timeout', then)
    if (!this.destroyed) this.#idleTimer.set(ms)
    return this
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
    this.#setSilent(false)
    this.#idle?.set(0)
    this.#queue.take()
    if (this.fd >= 0) {
      this.#loop.unwatch(this, true)
      this.#loop.calls.close(this.fd)
    }
    this.#loop.closed(this)
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
    if (!this.destroyed && this.#node === null) resetOnClose(this.#loop.calls, this.fd)
    this.destroy()
  }

  /** Once nothing waits to be sent. */
  whenSent(then: () => void): void {
    if (this.#queue.length === 0) then()
    else this.#whenSent = [...this.#whenSent, then]
  }

  /** Somebody else moves its octets for a while. */
  leaveLoop(): void {
    if (this.#isInLoop && !this.destroyed) this.#loop.unwatch(this, false)
    this.#isInLoop = false
  }

  joinLoop(): void {
    if (this.#isInLoop || this.destroyed) return
    this.#isInLoop = this.#loop.watch(this, ALL, true)
    if (!this.#isInLoop) this.destroy()
  }

  /** The same connection as Node's, for whoever needs that; this one is then its close alone. */
  toNode(): Socket {
    if (this.#node !== null) return this.#node
    // Its descriptor may be another connection's by now.
    if (this.destroyed) return new Socket().destroy()
    this.leaveLoop()
    this.#idle?.set(0)
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
    this.#mayRead = true
    if ((mask & ENDING) !== 0) this.#isEnding = true
    // A reset behind the end; in front of it are octets that were not read yet.
    if (this.readableEnded && (mask & FAILED) !== 0) this.destroy()
    else if (this.#isFlowing) this.#read()
  }

  onTurn(): void {
    this.#isTurnAsked = false
    if (this.#isFlowing && this.#mayRead && !this.destroyed && this.#node === null) this.#read()
  }

  onClosed(): void {
    const taker = this.#taker
    this.emit('close')
    if (taker === this.#taker) taker?.onClose()
  }

  onIdle(): void {
    const taker = this.#taker
    this.emit('timeout')
    if (taker === this.#taker) taker?.onIdle()
  }

  abandon(): void {
    this.destroy()
  }

  #connected(mask: number): void {
    if ((mask & (FAILED | HUNG_UP)) !== 0) return this.#fail(connectionError(this.#loop.calls, this.fd))
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

  /** Once in a turn, so that what waits for these octets sees them before it sees what follows. */
  #read(): void {
    const { calls, received } = this.#loop
    const count = calls.recv(this.fd, received.address, received.octets.length, 0)
    if (count > 0) {
      this.#mayRead = this.#isEnding || count === received.octets.length
      if (this.#mayRead) this.#askTurn()
      this.#idle?.touch()
      if (this.#isSilent) this.#setSilent(false)
      const octets = Buffer.allocUnsafe(count)
      received.octets.copy(octets, 0, 0, count)
      const taker = this.#taker
      this.emit('data', octets)
      if (taker === this.#taker) taker?.onOctets(octets)
      return
    }
    const errno = count === 0 ? 0 : calls.errno()
    this.#mayRead = errno === EINTR
    if (errno === EINTR) this.#askTurn()
    else if (count === 0) this.#ended()
    else if (errno !== EAGAIN) this.destroy()
  }

  #ended(): void {
    if (this.readableEnded) return
    this.readableEnded = true
    const taker = this.#taker
    this.emit('end')
    if (taker === this.#taker) taker?.onEnd()
    if (this.writableEnded && this.#queue.length === 0) this.destroy()
  }

  #setSilent(isSilent: boolean): void {
    if (isSilent !== this.#isSilent) this.#loop.silent += isSilent ? 1 : -1
    this.#isSilent = isSilent
  }

  #leave(taker: OctetTaker): void {
    if (this.#taker === taker) this.#taker = null
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.#loop.again(this)
  }

  get #idleTimer(): IdleTimer {
    return (this.#idle ??= new IdleTimer(this.deadlines, this))
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
    this.#idle?.touch()
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
    const taker = this.#taker
    this.emit('drain')
    if (taker === this.#taker) taker?.onDrain()
  }

  /** Nothing more will be written. Where the other side has ended as well, that is the end. */
  #shut(): void {
    if (this.readableEnded) this.destroy()
    else if (!this.destroyed) this.#loop.calls.shutdown(this.fd, SHUT_WR)
  }
}
