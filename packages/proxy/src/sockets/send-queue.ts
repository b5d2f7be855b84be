import { EAGAIN, EINTR, MSG_NOSIGNAL } from './socket-calls.ts'
import type { SocketLoop } from './socket-loop.ts'

export type Sent = 'sent' | 'waiting' | 'failed'

/** Of a character of text, in UTF-8. */
const MOST_OCTETS = 3

/** Octets on their way into one descriptor, and those that the kernel has not taken yet, in their order. */
export class SendQueue {
  readonly #loop: SocketLoop
  readonly #fd: number
  #pieces: Uint8Array[] | null = null
  length = 0

  constructor(loop: SocketLoop, fd: number) {
    this.#loop = loop
    this.#fd = fd
  }

  /** Keeps them; they are not copied. */
  push(octets: Uint8Array | string, encoding: 'latin1' | undefined): void {
    const piece = typeof octets === 'string' ? Buffer.from(octets, encoding) : octets
    if (this.#pieces === null) this.#pieces = [piece]
    else this.#pieces.push(piece)
    this.length += piece.length
  }

  /** Where nothing is waiting: sends as much as the kernel takes now, and keeps the rest. */
  send(octets: Uint8Array | string, encoding: 'latin1' | undefined): Sent {
    const { octets: memory, address } = this.#loop.outgoing
    const isText = typeof octets === 'string'
    if (octets.length * (isText ? MOST_OCTETS : 1) > memory.length) {
      this.push(octets, encoding)
      return this.flush()
    }
    let count = octets.length
    if (isText) count = memory.write(octets, 0, encoding ?? 'utf8')
    else memory.set(octets, 0)
    const sent = this.#send(address, count)
    if (sent < 0) return 'failed'
    if (sent === count) return 'sent'
    this.push(Uint8Array.prototype.slice.call(memory, sent, count), undefined)
    return 'waiting'
  }

  /** Sends as much as the kernel takes now; what is left leaves when it can be written to again. */
  flush(): Sent {
    const pieces = this.#pieces
    if (pieces === null) return 'sent'
    const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    const sent = this.#send(whole, whole.length)
    if (sent < 0) return 'failed'
    this.#pieces = sent === whole.length ? null : [whole.subarray(sent)]
    this.length = whole.length - sent
    return this.length === 0 ? 'sent' : 'waiting'
  }

  /** What has not left, for somebody else to send. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces ?? []
    this.#pieces = null
    this.length = 0
    return pieces
  }

  /** Until the kernel says that it has no room: then it tells when it has. */
  #send(from: Uint8Array | number, count: number): number {
    const { calls } = this.#loop
    for (let at = 0; ;) {
      const rest = typeof from === 'number' ? from + at : at === 0 ? from : from.subarray(at)
      const sent = calls.send(this.#fd, rest, count - at, MSG_NOSIGNAL)
      if (sent >= 0) at += sent
      else if (calls.errno() === EAGAIN) return at
      else if (calls.errno() !== EINTR) return -1
      if (at === count) return at
    }
  }
}
