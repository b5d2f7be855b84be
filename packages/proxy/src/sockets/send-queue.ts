import { EAGAIN, EINTR, MSG_NOSIGNAL, type SocketCalls } from './socket-calls.ts'

/** Octets that the kernel has not taken yet, in their order. */
export class SendQueue {
  readonly #calls: SocketCalls
  readonly #fd: number
  #pieces: Uint8Array[] = []
  length = 0

  constructor(calls: SocketCalls, fd: number) {
    this.#calls = calls
    this.#fd = fd
  }

  /** Keeps them; they are not copied. */
  push(octets: Uint8Array): void {
    this.#pieces.push(octets)
    this.length += octets.length
  }

  /** Sends as much as the kernel takes now; what is left leaves when it can be written to again. */
  flush(): 'sent' | 'waiting' | 'failed' {
    if (this.length === 0) return 'sent'
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    const sent = this.#send(whole)
    if (sent < 0) return 'failed'
    this.#pieces = sent === whole.length ? [] : [whole.subarray(sent)]
    this.length = whole.length - sent
    return this.length === 0 ? 'sent' : 'waiting'
  }

  /** What has not left, for somebody else to send. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.length = 0
    return pieces
  }

  /** Until the kernel says that it has no room: then it tells when it has. */
  #send(octets: Uint8Array): number {
    for (let at = 0; ;) {
      const sent = this.#calls.send(this.#fd, at === 0 ? octets : octets.subarray(at), octets.length - at, MSG_NOSIGNAL)
      if (sent >= 0) at += sent
      else if (this.#calls.errno() === EAGAIN) return at
      else if (this.#calls.errno() !== EINTR) return -1
      if (at === octets.length) return at
    }
  }
}
