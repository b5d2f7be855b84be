import { AF_INET } from './socket-address.ts'
import type { SocketCalls } from './socket-calls.ts'

const MESSAGE = 64
const VECTOR = 16
const PEER = 32
const PEER_LENGTH = 28
/** A query longer than this comes truncated, and is told to be. */
const DATAGRAM = 4096
const DONT_WAIT = 0x40
const TRUNCATED = 0x20

/** Memory of `recvmmsg` and `sendmmsg` (struct mmsghdr, x64 and arm64), set up once: no packet costs an object. */
export class DatagramBatch {
  readonly count: number
  readonly #calls: SocketCalls
  readonly #words: Uint32Array
  readonly #octets: Uint8Array
  readonly #datagrams: Uint8Array[] = []
  readonly #base: number
  readonly #out: number
  readonly #vectors: number
  readonly #peers: number
  #queued = 0

  constructor(count: number, calls: SocketCalls) {
    this.count = count
    this.#calls = calls
    this.#out = count * MESSAGE
    this.#vectors = 2 * count * MESSAGE
    this.#peers = this.#vectors + count * VECTOR
    const data = this.#peers + count * PEER
    const { address, memory } = calls.allocate(data + count * DATAGRAM)
    this.#base = Number(address)
    this.#words = new Uint32Array(memory)
    this.#octets = new Uint8Array(memory)
    for (let at = 0; at < count; at++) {
      this.#point(at * MESSAGE, this.#peers + at * PEER)
      this.#point(at * MESSAGE + 16, this.#vectors + at * VECTOR)
      this.#words[(at * MESSAGE + 24) >> 2] = 1
      this.#words[(this.#out + at * MESSAGE + 24) >> 2] = 1
      this.#point(this.#vectors + at * VECTOR, data + at * DATAGRAM)
      this.#datagrams.push(this.#octets.subarray(data + at * DATAGRAM, data + (at + 1) * DATAGRAM))
    }
  }

  /** How many datagrams came; never waits. */
  receive(fd: number): number {
    this.#queued = 0
    for (let at = 0; at < this.count; at++) {
      this.#words[(at * MESSAGE + 8) >> 2] = PEER_LENGTH
      this.#words[(this.#vectors + at * VECTOR + 8) >> 2] = DATAGRAM
    }
    return Math.max(0, this.#calls.recvmmsg(fd, this.#base, this.count, DONT_WAIT, 0))
  }

  /** Memory of one datagram, which the next `receive` overwrites; an answer may be written in place. */
  datagram(at: number): Uint8Array {
    return this.#datagrams[at]!
  }

  length(at: number): number {
    return this.#words[(at * MESSAGE + 56) >> 2]!
  }

  isTruncated(at: number): boolean {
    return (this.#words[(at * MESSAGE + 48) >> 2]! & TRUNCATED) !== 0
  }

  /** The octets of the sender's address as a number; `null` when it is none of IPv4. */
  peerIpv4(at: number): number | null {
    const from = (this.#peers + at * PEER) >> 2
    return (this.#words[from]! & 0xffff) === AF_INET ? this.#words[from + 1]! : null
  }

  /** A copy of the sender's socket address. */
  peer(at: number): Uint8Array {
    const from = this.#peers + at * PEER
    return this.#octets.slice(from, from + this.#words[(at * MESSAGE + 8) >> 2]!)
  }

  /** The first `length` octets of the datagram's memory go back to its sender with the next `flush`. */
  reply(at: number, length: number): void {
    const message = this.#out + this.#queued * MESSAGE
    this.#point(message, this.#peers + at * PEER)
    this.#words[(message + 8) >> 2] = this.#words[(at * MESSAGE + 8) >> 2]!
    this.#point(message + 16, this.#vectors + at * VECTOR)
    this.#words[(this.#vectors + at * VECTOR + 8) >> 2] = length
    this.#queued++
  }

  /** Sends the replies; returns how many the system did not take. */
  flush(fd: number): number {
    let sent = 0
    let failed = 0
    while (sent < this.#queued) {
      const taken = this.#calls.sendmmsg(fd, this.#base + this.#out + sent * MESSAGE, this.#queued - sent, DONT_WAIT)
      // An error is that of the first message, be it a full buffer: as with any datagram, the client asks again.
      if (taken <= 0) failed++
      sent += Math.max(1, taken)
    }
    this.#queued = 0
    return failed
  }

  #point(at: number, target: number): void {
    const pointer = this.#base + target
    this.#words[at >> 2] = pointer % 0x1_0000_0000
    this.#words[(at >> 2) + 1] = Math.floor(pointer / 0x1_0000_0000)
  }
}
