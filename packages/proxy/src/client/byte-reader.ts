import { Wait } from './wait.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import type { OctetTaker, Taking } from '../sockets/octet-taker.ts'
import { takeFrom } from '../sockets/take-from.ts'

/** What is held while nobody reads; beyond it the peer waits. */
const MOST_HELD = 65_536

export const NO_OCTETS: Buffer = Buffer.alloc(0)

export type ReadOctets = Buffer | 'end' | 'timeout'

/** Octets of a socket, one read after another. `end` is the end of the stream, however it came about. */
export class ByteReader implements OctetTaker {
  readonly socket: ByteSocket
  #chunks: Buffer[] = []
  #held = 0
  #ended = false
  readonly #change = new Wait()
  readonly #taking: Taking

  constructor(socket: ByteSocket) {
    this.socket = socket
    this.#taking = takeFrom(socket, this)
    if (socket.isPaused()) socket.resume()
  }

  onOctets(octets: Buffer): void {
    this.#chunks.push(octets)
    this.#held += octets.length
    if (this.#held > MOST_HELD) this.socket.pause()
    this.#change.wake()
  }

  onEnd(): void {
    this.#ended = true
    this.#change.wake()
  }

  onClose(): void {
    this.onEnd()
  }

  onDrain(): void {}

  onIdle(): void {}

  get held(): number {
    return this.#held
  }

  get isEnded(): boolean {
    return this.#ended && this.#held === 0
  }

  /** All octets there are, waiting for the first when there are none. */
  async read(timeoutMs: number): Promise<ReadOctets> {
    const there = this.readNow()
    if (there !== null) return there
    const isLate = await this.#change.isLate(timeoutMs, this.socket)
    return isLate ? 'timeout' : (this.readNow() ?? 'end')
  }

  /** The same, and null when there is nothing to read yet: for whoever mostly need not wait. */
  readNow(): Buffer | 'end' | null {
    if (this.#held === 0) return this.#ended ? 'end' : null
    const whole = this.#take()
    if (this.socket.isPaused()) this.socket.resume()
    return whole
  }

  /** Puts octets back in front of the next read. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.unshift(bytes)
    this.#held += bytes.length
  }

  /** From now on the socket is somebody else's, paused; gives what was not read. */
  release(): Buffer {
    this.socket.pause()
    this.#taking.leave()
    const rest = this.#take()
    // Whoever still waits learns that nothing comes for it any more.
    this.#change.wake()
    return rest
  }

  #take(): Buffer {
    if (this.#held === 0) return NO_OCTETS
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#held = 0
    return whole
  }
}

/** Writes, and waits while the peer does not take it; false when the peer is gone or takes nothing for so long. */
export async function writeWithin(socket: ByteSocket, bytes: Uint8Array | string, timeoutMs: number): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false
  if (socket.write(bytes, 'latin1')) return true
  return new Promise((resolve) => {
    const done = (isTaken: boolean): void => {
      clearTimeout(timer)
      socket.off('drain', onDrain).off('close', onClose)
      resolve(isTaken)
    }
    const onDrain = (): void => done(true)
    const onClose = (): void => done(false)
    const timer = setTimeout(done, timeoutMs, false)
    socket.on('drain', onDrain).on('close', onClose)
  })
}
