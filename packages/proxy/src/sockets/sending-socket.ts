import { ReceivingSocket } from './receiving-socket.ts'
import { SendQueue, type Sent } from './send-queue.ts'
import { SHUT_WR } from './socket-calls.ts'
import type { SocketLoop } from './socket-loop.ts'

/** What may wait to be sent before whoever writes is asked to wait, as with Node. */
const HIGH_WATER = 65_536
const NOBODY: readonly (() => void)[] = []

/** The half of a connection that is written: what waits to be sent, and what happens when it has left. */
export abstract class SendingSocket extends ReceivingSocket {
  writableEnded = false
  protected isConnecting: boolean
  readonly #queue: SendQueue
  #needsDrain = false
  #closesWhenSent = false
  #corked = 0
  #whenSent: readonly (() => void)[] = NOBODY

  protected constructor(loop: SocketLoop, fd: number, isConnecting: boolean) {
    super(loop, fd)
    this.isConnecting = isConnecting
    this.#queue = new SendQueue(loop, fd)
  }

  get writable(): boolean {
    return !this.destroyed && !this.writableEnded
  }

  get writableLength(): number {
    return this.#queue.length
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
    else if (this.#queue.length > 0) this.flush()
    else if (!this.isConnecting) this.shut()
    return this
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked > 0 && --this.#corked === 0) this.flush()
  }

  /** When all that was written has left. */
  destroySoon(): void {
    if (this.destroyed) return
    this.#closesWhenSent = true
    this.end()
    if (this.#queue.length === 0) this.destroy()
  }

  /** Once nothing waits to be sent. */
  whenSent(then: () => void): void {
    if (this.#queue.length === 0) then()
    else this.#whenSent = [...this.#whenSent, then]
  }

  protected takeUnsent(): ReturnType<SendQueue['take']> {
    return this.#queue.take()
  }

  #put(octets: Uint8Array | string, encoding: 'latin1' | undefined): void {
    if (this.#queue.length === 0 && this.#maySend()) return this.#settle(this.#queue.send(octets, encoding))
    this.#queue.push(octets, encoding)
    this.flush()
  }

  protected flush(): void {
    if (this.#queue.length > 0 && this.#maySend()) this.#settle(this.#queue.flush())
  }

  #maySend(): boolean {
    return !this.isConnecting && this.#corked === 0
  }

  #settle(after: Sent): void {
    this.moved()
    if (after === 'failed') return void this.destroy()
    if (after === 'waiting') return
    const whenSent = this.#whenSent
    this.#whenSent = NOBODY
    for (const then of whenSent) then()
    if (this.#needsDrain) process.nextTick(() => this.#drained())
    if (this.writableEnded) this.shut()
    if (this.#closesWhenSent) this.destroy()
  }

  #drained(): void {
    if (!this.#needsDrain || this.#queue.length > 0 || this.destroyed) return
    this.#needsDrain = false
    this.roomAgain()
  }

  /** Nothing more will be written. Where the other side has ended as well, that is the end. */
  protected shut(): void {
    if (this.readableEnded) this.destroy()
    else if (!this.destroyed) this.loop.calls.shutdown(this.fd, SHUT_WR)
  }
}
