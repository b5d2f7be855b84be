import type { Deadlines } from './deadlines.ts'
import { IdleTimer } from './idle-timer.ts'
import type { OctetTaker, Taking } from './octet-taker.ts'
import { EAGAIN, EINTR } from './socket-calls.ts'
import { SocketEvents } from './socket-events.ts'
import type { SocketLoop, Watched } from './socket-loop.ts'

/**
 * The half of a connection that is read: who takes what comes, and when. Nothing is read, and so no end seen, while it is paused.
 */
export abstract class ReceivingSocket extends SocketEvents implements Watched {
  readonly fd: number
  readonly use: number
  destroyed = false
  readableEnded = false
  /** What was read is passed on at once. */
  readonly readableLength = 0
  protected readonly loop: SocketLoop
  #idle: IdleTimer | null = null
  #taker: OctetTaker | null = null
  #isPaused = false
  #isFlowing = false
  #mayRead = false
  #isEnding = false
  #isTurnAsked = false
  #isSilent = false

  protected constructor(loop: SocketLoop, fd: number) {
    super()
    this.loop = loop
    this.fd = fd
    this.use = loop.nextUse()
  }

  abstract onEvents(mask: number): void
  abstract abandon(): void
  abstract destroy(): this
  /** The peer has ended, and those who wanted to know that do. */
  protected abstract peerEnded(): void

  get deadlines(): Deadlines {
    return this.loop.deadlines
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
    if (!this.destroyed) (this.#idle ??= new IdleTimer(this.deadlines, this)).set(ms)
    return this
  }

  onTurn(): void {
    this.#isTurnAsked = false
    if (this.#isFlowing && this.#mayRead && !this.destroyed) this.#read()
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

  /** Whoever wants octets lets them flow, as with Node. */
  protected override heard(event: string): void {
    if (event === 'data' && !this.#isPaused) this.resume()
  }

  /** There is something to read, or `isEnding`: nothing behind what is there. */
  protected readable(isEnding: boolean): void {
    this.#mayRead = true
    if (isEnding) this.#isEnding = true
    if (this.#isFlowing) this.#read()
  }

  protected roomAgain(): void {
    const taker = this.#taker
    this.emit('drain')
    if (taker === this.#taker) taker?.onDrain()
  }

  protected moved(): void {
    this.#idle?.touch()
  }

  /** Nothing is read any more. */
  protected stopReceiving(): void {
    this.#mayRead = false
    this.#isFlowing = false
    this.#idle?.set(0)
    this.setSilent(false)
  }

  protected setSilent(isSilent: boolean): void {
    if (isSilent !== this.#isSilent) this.loop.silent += isSilent ? 1 : -1
    this.#isSilent = isSilent
  }

  /** Once in a turn, so that what waits for these octets sees them before it sees what follows. */
  #read(): void {
    const { calls, received } = this.loop
    const count = calls.recv(this.fd, received.address, received.octets.length, 0)
    if (count > 0) return this.#received(count)
    const errno = count === 0 ? 0 : calls.errno()
    this.#mayRead = errno === EINTR
    if (errno === EINTR) this.#askTurn()
    else if (count === 0) this.#ended()
    else if (errno !== EAGAIN) this.destroy()
  }

  #received(count: number): void {
    const { octets: memory } = this.loop.received
    this.#mayRead = this.#isEnding || count === memory.length
    if (this.#mayRead) this.#askTurn()
    this.moved()
    if (this.#isSilent) this.setSilent(false)
    const octets = Buffer.allocUnsafe(count)
    memory.copy(octets, 0, 0, count)
    const taker = this.#taker
    this.emit('data', octets)
    if (taker === this.#taker) taker?.onOctets(octets)
  }

  #ended(): void {
    if (this.readableEnded) return
    this.readableEnded = true
    const taker = this.#taker
    this.emit('end')
    if (taker === this.#taker) taker?.onEnd()
    this.peerEnded()
  }

  #leave(taker: OctetTaker): void {
    if (this.#taker === taker) this.#taker = null
  }

  #askTurn(): void {
    if (this.#isTurnAsked) return
    this.#isTurnAsked = true
    this.loop.again(this)
  }
}
