import { NetlinkSocket } from '../netlink-socket.ts'
import {
  answeredError,
  askForEntry,
  changeEntry,
  decodeEntry,
  type ConntrackChange,
  type ConntrackEntry,
  type FlowEnds,
} from './conntrack-messages.ts'

const NETLINK_NETFILTER = 12
const ANSWER_BYTES = 8192

/** Entries of this network namespace's connection tracking, one at a time. */
export class Conntrack implements Disposable {
  readonly #netlink = new NetlinkSocket(NETLINK_NETFILTER)
  readonly #buffer = new Uint8Array(ANSWER_BYTES)

  /** Null when there is none. */
  find(ends: FlowEnds): ConntrackEntry | null {
    const answer = this.#ask(askForEntry(ends))
    return answer === null ? null : decodeEntry(answer)
  }

  /** Whether there was one to change. */
  change(ends: FlowEnds, change: ConntrackChange): boolean {
    const answer = this.#ask(changeEntry(ends, change))
    return answer !== null && answeredError(answer) === 0
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]()
  }

  #ask(request: Uint8Array): Uint8Array | null {
    return this.#netlink.send(request) ? this.#netlink.receive(this.#buffer) : null
  }
}
