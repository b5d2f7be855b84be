import { Deadlines } from './deadlines.ts'
import { fixedMemory, type FixedMemory } from './fixed-memory.ts'
import { LONGEST_SOCKET_ADDRESS } from './socket-address.ts'
import { EINTR, openSocketCalls, type SocketCalls, type Watching } from './socket-calls.ts'

const EPOLL_CLOEXEC = 0o2000000
const [ADD, DELETE] = [1, 2]
const EDGE = 0x8000_0000
export const READABLE = 0x1
export const WRITABLE = 0x4
export const FAILED = 0x8
export const HUNG_UP = 0x10
export const ENDED = 0x2000
const MOST_EVENTS = 256
const MANY_EVENTS = 8
const RLIMIT_NOFILE = 7
/** struct epoll_event has no gap on x64 alone. */
const EVENT_OCTETS = process.arch === 'x64' ? 12 : 16
const DATA_AT = EVENT_OCTETS - 8
const MOST_READ = 65_536
/** Above that a copy costs more than it saves. */
const MOST_COPIED = 16_384

/** What the loop tells of a descriptor. */
export type Watched = {
  readonly fd: number
  /** Of this use of the descriptor; the next has another. */
  readonly use: number
  onEvents(mask: number): void
  /** It asked for another turn. */
  onTurn(): void
  /** Once, after it was closed. */
  onClosed(): void
  /** The loop is over. */
  abandon(): void
}

/**
 * Sockets of one epoll of the proxy's own, which Node's event loop watches as one descriptor. A proxy that only relays takes little more than half the
 * processor time on them that it takes on streams of Node.
 */
export class SocketLoop implements Disposable {
  readonly calls: SocketCalls
  /** What was read last; whoever wants to keep it copies it. */
  readonly received: FixedMemory
  /** For what is to be sent at once. */
  readonly outgoing: FixedMemory
  /** The end of a connection that a call asks for. */
  readonly end: FixedMemory
  /** An option that is on. */
  readonly one: FixedMemory
  readonly deadlines: Deadlines = new Deadlines()
  /** Of this process. */
  readonly mostDescriptors: number
  /** Clients that have said nothing yet. */
  silent = 0
  readonly #epoll: number
  readonly #watching: Watching
  readonly #watched: (Watched | null)[] = []
  readonly #events: FixedMemory
  readonly #event: FixedMemory
  #turns: Watched[] = []
  #closed: Watched[] = []
  #isRunning = false
  #isAwake = false
  #isScheduled = false
  #isClosed = false
  #uses = 0
  readonly #turn = (): void => this.#run()

  private constructor(calls: SocketCalls, epoll: number) {
    this.calls = calls
    this.#epoll = epoll
    this.received = fixedMemory(calls, MOST_READ)
    this.outgoing = fixedMemory(calls, MOST_COPIED)
    this.end = fixedMemory(calls, LONGEST_SOCKET_ADDRESS)
    this.one = fixedMemory(calls, 4)
    this.one.view.setInt32(0, 1, true)
    this.#events = fixedMemory(calls, EVENT_OCTETS * MOST_EVENTS)
    this.#event = fixedMemory(calls, 16)
    const limits = new BigUint64Array(2).fill(2n ** 20n)
    calls.getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer))
    this.mostDescriptors = Number(limits[0])
    this.#watching = calls.watch(epoll, this.#turn)
  }

  /** Null where the machine has no such calls. */
  static open(): SocketLoop | null {
    if (process.platform !== 'linux') return null
    try {
      const calls = openSocketCalls()
      const epoll = calls.epoll_create1(EPOLL_CLOEXEC)
      return epoll < 0 ? null : new SocketLoop(calls, epoll)
    } catch {
      return null
    }
  }

  nextUse(): number {
    return (this.#uses = (this.#uses + 1) >>> 0)
  }

  /** `isEdge`: told once for each change. */
  watch(watched: Watched, mask: number, isEdge: boolean): boolean {
    const { fd, use } = watched
    const { view, address } = this.#event
    view.setUint32(0, isEdge ? (mask | EDGE) >>> 0 : mask, true)
    view.setUint32(DATA_AT, fd, true)
    view.setUint32(DATA_AT + 4, use, true)
    if (this.calls.epoll_ctl(this.#epoll, ADD, fd, address) < 0) return false
    this.#watched[fd] = watched
    return true
  }

  /** `isClosing`: the kernel forgets a descriptor that is closed. */
  unwatch({ fd }: Watched, isClosing: boolean): void {
    this.#watched[fd] = null
    if (!isClosing) this.calls.epoll_ctl(this.#epoll, DELETE, fd, this.#event.address)
  }

  /** Another turn, after what has been made to happen in this one. */
  again(watched: Watched): void {
    this.#turns.push(watched)
    this.#schedule()
  }

  /** It is told that it is closed, after what runs now. */
  closed(watched: Watched): void {
    this.#closed.push(watched)
    if (!this.#isRunning) this.#schedule()
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const each of this.#watched) each?.abandon()
    if (this.#closed.length > 0) this.#schedule()
    this.#watching[Symbol.dispose]()
    this.calls.close(this.#epoll)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  #run(): void {
    this.#isScheduled = false
    if (this.#isClosed) return this.#tellClosed()
    this.#isRunning = true
    const turns = this.#turns
    if (turns.length > 0) {
      this.#turns = []
      for (const each of turns) each.onTurn()
    }
    const { view, address } = this.#events
    const count = this.calls.epoll_wait(this.#epoll, address, MOST_EVENTS, 0)
    for (let at = 0; at < count; at++) {
      const watched = this.#watched[view.getUint32(at * EVENT_OCTETS + DATA_AT, true)] ?? null
      // An event of a descriptor that was closed in this turn may meet the next use of its number.
      if (watched === null || watched.use !== view.getUint32(at * EVENT_OCTETS + DATA_AT + 4, true)) continue
      watched.onEvents(view.getUint32(at * EVENT_OCTETS, true))
    }
    this.#stayAwake(count < 0 && this.calls.errno() === EINTR ? MANY_EVENTS : count)
    this.#isRunning = false
    if (this.#closed.length > 0) this.#tellClosed()
  }

  /**
   * While there is much to do the loop looks for more by itself: each time that it is told, an object is made for that and goes through
   * two layers. Once nothing is left it is told again.
   */
  #stayAwake(count: number): void {
    if (this.#isClosed) return
    if (count >= MANY_EVENTS && !this.#isAwake) {
      this.#isAwake = true
      this.#watching.pause()
    } else if (count <= 0 && this.#isAwake) {
      this.#isAwake = false
      this.#watching.goOn()
    }
    if (this.#isAwake) this.#schedule()
  }

  #tellClosed(): void {
    const closed = this.#closed
    this.#closed = []
    for (const each of closed) each.onClosed()
  }
}
