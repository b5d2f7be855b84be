import { messagesIn, NETFILTER_HEADER_BYTES, type NetlinkMessage } from '../netfilter-message.ts'
import { NetlinkSocket } from '../netlink-socket.ts'
import { viewOf } from '../netlink-attributes.ts'

const NETLINK_NETFILTER = 12
const BUFFER_BYTES = 2 ** 17
const ERROR = 2
const DONE = 3
const DUMP_INTERRUPTED = 0x10
const TRIES = 4

/** Does all of a batch or nothing of it: 0, or the errno that speaks against it. The kernel has answered when it has taken it. */
export function transact(batch: Uint8Array): number {
  for (const { type, bytes } of answersTo([batch])) {
    if (type !== ERROR) continue
    const errno = -viewOf(bytes).getInt32(16, true)
    if (errno !== 0) return errno
  }
  return 0
}

/** What the kernel answers, as text, without what differs from one time to the next; empty where one has no answer. */
export function ask(questions: readonly Uint8Array[]): string {
  for (let turn = 1; ; turn++) {
    const answers = answersTo(questions)
    if (answers.some(({ type, bytes }) => type === ERROR && viewOf(bytes).getInt32(16, true) !== 0)) return ''
    // Somebody changed rules while they were told.
    if (turn < TRIES && answers.some(({ flags }) => (flags & DUMP_INTERRUPTED) !== 0)) continue
    const told = answers.filter(({ type }) => type !== ERROR && type !== DONE)
    return told.map(({ bytes }) => Buffer.from(bytes.subarray(NETFILTER_HEADER_BYTES)).toString('latin1')).join('\n')
  }
}

function answersTo(requests: readonly Uint8Array[]): readonly NetlinkMessage[] {
  using socket = new NetlinkSocket(NETLINK_NETFILTER)
  const buffer = new Uint8Array(BUFFER_BYTES)
  const answers: NetlinkMessage[] = []
  for (const request of requests) {
    if (!socket.send(request)) throw new Error('netfilter takes no request')
    for (;;) {
      const datagram = socket.poll(buffer)
      if (datagram === 'nothing') break
      if (datagram !== 'lost') answers.push(...messagesIn(datagram.slice()))
    }
  }
  return answers
}
