import { wouldBlock, type LinuxCalls } from './linux-calls.ts'

const MOVE_NONBLOCK = 1 | 2
const MOST_OCTETS = 1 << 20
const SHUT_WR = 1
/** Before others have their turn. */
const MOST_ROUNDS = 16

/** One way of a tunnel: octets go from socket to pipe to socket within the kernel, and are never copied to here. */
export class SpliceWay {
  readonly from: number
  readonly to: number
  readonly #read: number
  readonly #write: number
  #inPipe = 0
  #isReadable = true
  #isWritable = true
  #isAtEnd = false
  octets = 0
  state: 'open' | 'ended' | 'broken' = 'open'

  constructor(from: number, to: number, pipe: readonly [number, number]) {
    this.from = from
    this.to = to
    ;[this.#read, this.#write] = pipe
  }

  readable(): void {
    this.#isReadable = true
  }

  writable(): void {
    this.#isWritable = true
  }

  /** True when there is more to do at once. */
  pump(calls: LinuxCalls): boolean {
    for (let round = 0; round < MOST_ROUNDS && this.state === 'open'; round++) {
      if (this.#inPipe === 0 && this.#isAtEnd) {
        calls.shutdown(this.to, SHUT_WR)
        this.state = 'ended'
      } else if (this.#inPipe === 0) {
        if (!this.#isReadable) return false
        this.#fill(calls)
      } else {
        if (!this.#isWritable) return false
        this.#empty(calls)
      }
    }
    return this.state === 'open'
  }

  close(calls: LinuxCalls): void {
    calls.close(this.#read)
    calls.close(this.#write)
  }

  #fill(calls: LinuxCalls): void {
    const got = Number(calls.splice(this.from, null, this.#write, null, MOST_OCTETS, MOVE_NONBLOCK))
    if (got > 0) this.#inPipe = got
    else if (got === 0) this.#isAtEnd = true
    else if (wouldBlock()) this.#isReadable = false
    else this.state = 'broken'
  }

  #empty(calls: LinuxCalls): void {
    const put = Number(calls.splice(this.#read, null, this.to, null, this.#inPipe, MOVE_NONBLOCK))
    if (put > 0) {
      this.#inPipe -= put
      this.octets += put
    } else if (put < 0 && wouldBlock()) this.#isWritable = false
    else this.state = 'broken'
  }
}
