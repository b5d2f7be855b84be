import { isIpv4 } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { LoopSocket } from './loop-socket.ts'
import { fixedMemory, type FixedMemory } from './fixed-memory.ts'
import { LONGEST_SOCKET_ADDRESS, readSocketAddress, writeSocketAddress } from './socket-address.ts'
import {
  ACCEPTED,
  AF_INET,
  AF_INET6,
  EMFILE,
  ENFILE,
  int32,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  socketError,
  SOL_SOCKET,
  STREAM,
  TCP_NODELAY,
  type SocketCalls,
} from './socket-calls.ts'
import { READABLE, type SocketLoop, type Watched } from './socket-loop.ts'

const BACKLOG = 4096
const REST_MS = 10
const O_RDONLY_CLOEXEC = 0o2000000

/** A socket that is listened on. Throws with the code of errno, as Node does. */
export function openListening(at: SocketEnd, calls: SocketCalls): number {
  const isFour = isIpv4(at.address)
  const checked = (call: string, result: number): number => {
    if (result < 0) throw socketError(call, calls.errno())
    return result
  }
  const fd = checked('socket', calls.socket(isFour ? AF_INET : AF_INET6, STREAM, 0))
  try {
    checked('setsockopt', calls.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, int32(1), 4))
    // Connections that are accepted have these from here.
    checked('setsockopt', calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, int32(1), 4))
    checked('setsockopt', calls.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, int32(1), 4))
    if (!isFour) checked('setsockopt', calls.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, int32(0), 4))
    const own = fixedMemory(calls, LONGEST_SOCKET_ADDRESS)
    checked('bind', calls.bind(fd, own.octets, writeSocketAddress(own, at)))
    checked('listen', calls.listen(fd, BACKLOG))
    return fd
  } catch (error) {
    calls.close(fd)
    throw error
  }
}

export function listeningPort(fd: number, calls: SocketCalls): number {
  const own = fixedMemory(calls, LONGEST_SOCKET_ADDRESS)
  calls.getsockname(fd, own.octets, int32(own.octets.length))
  return readSocketAddress(own)?.port ?? 0
}

/** Accepts what comes in on a socket that is listened on, until it is closed. */
export class LoopListener implements Watched, Disposable {
  readonly fd: number
  readonly use: number
  readonly port: number
  readonly #loop: SocketLoop
  readonly #onSocket: (socket: LoopSocket) => void
  readonly #peer: FixedMemory
  readonly #length: FixedMemory
  /** Given up to turn a connection away when there is no other descriptor left: else it would ask for ever. */
  #spare: number
  #isClosed = false
  #isResting = false

  constructor(loop: SocketLoop, fd: number, onSocket: (socket: LoopSocket) => void) {
    this.#loop = loop
    this.fd = fd
    this.use = loop.nextUse()
    this.port = listeningPort(fd, loop.calls)
    this.#onSocket = onSocket
    this.#peer = fixedMemory(loop.calls, LONGEST_SOCKET_ADDRESS)
    this.#length = fixedMemory(loop.calls, 4)
    this.#spare = loop.calls.open('/dev/null', O_RDONLY_CLOEXEC)
    if (!loop.watch(this, READABLE, false)) throw socketError('listen', loop.calls.errno())
  }

  /** One in a turn: those there get on, and other workers have their share of what comes at once. */
  onEvents(): void {
    const fd = this.#accept()
    if (fd < 0) return this.#turnAway(this.#loop.calls.errno())
    this.#onSocket(LoopSocket.accepted(this.#loop, fd, readSocketAddress(this.#peer)))
    // Each client that is to speak yet will want a descriptor for its server. New ones are the lowest that are free.
    if (fd + this.#loop.silent >= this.#loop.mostDescriptors) this.#rest()
  }

  onTurn(): void {}

  onClosed(): void {}

  abandon(): void {
    this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#loop.unwatch(this, true)
    this.#loop.calls.close(this.fd)
    if (this.#spare >= 0) this.#loop.calls.close(this.#spare)
  }

  #accept(): number {
    this.#length.view.setInt32(0, LONGEST_SOCKET_ADDRESS, true)
    return this.#loop.calls.accept4(this.fd, this.#peer.address, this.#length.address, ACCEPTED)
  }

  #turnAway(errno: number): void {
    if (errno !== EMFILE && errno !== ENFILE) return
    const { calls } = this.#loop
    if (this.#spare < 0) return this.#rest()
    calls.close(this.#spare)
    const fd = this.#accept()
    if (fd >= 0) calls.close(fd)
    this.#spare = calls.open('/dev/null', O_RDONLY_CLOEXEC)
  }

  /** Whoever else comes waits in the queue of the kernel. */
  #rest(): void {
    if (this.#isResting) return
    this.#isResting = true
    this.#loop.unwatch(this, false)
    setTimeout(() => {
      this.#isResting = false
      if (this.#isClosed) return
      if (this.#spare < 0) this.#spare = this.#loop.calls.open('/dev/null', O_RDONLY_CLOEXEC)
      this.#loop.watch(this, READABLE, false)
    }, REST_MS).unref()
  }
}
