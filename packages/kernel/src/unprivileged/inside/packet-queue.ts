import { promisify } from 'node:util'
import type { PacketAnswer } from '../packet-facts.ts'
import { InsideError } from './inside-error.ts'
import { bind, recv, send, socket } from './libc.ts'
import { markOf, QUEUES } from './packet-rules.ts'
import { bindMessage, parametersMessage, readMessages, VERDICTS, verdictMessage } from '../../queue/queue-messages.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_NETFILTER = 12
const MAX_ERRORS = 64
const WHOLE_PACKET = 0xffff
const HEADERS_BYTES = 256
const HELD_PACKETS = 1024

type Queue = keyof typeof QUEUES

const BY_NUMBER = Object.entries(QUEUES).map(([name]) => name) as readonly Queue[]

export type QueuedPacket = {
  readonly id: number
  readonly queue: Queue
  readonly payload: Uint8Array
  readonly length: number
}

export type PacketQueue = {
  /** Calls back for every packet that waits, until the process ends. Rejects when the kernel does not deliver. */
  read(onPacket: (packet: QueuedPacket) => void, onOverflow: () => void): Promise<never>
  answer(id: number, answer: PacketAnswer): void
  /** What is allowed from now on is allowed under this policy. */
  renew(generation: number): void
}

/** Takes the queues of this network namespace, all with one socket: packets come in the order in which they were sent. */
export function openPacketQueue(): PacketQueue {
  const fd: number = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER)
  const address = new Uint8Array(12)
  new DataView(address.buffer).setUint16(0, AF_NETLINK, true)
  if (fd < 0 || bind(fd, address, address.length) !== 0) throw new InsideError('start-failed', 'no netlink socket')
  const bytes = new Uint8Array(2 ** 17)
  for (const [name, queue] of Object.entries(QUEUES))
    take(fd, queue, name === 'sent' || name === 'got' ? HEADERS_BYTES : WHOLE_PACKET, bytes)
  let allowedUnder = 0
  return {
    read: (onPacket, onOverflow) => readAll(fd, bytes, onPacket, onOverflow),
    answer: (id, answer) => {
      const message = answerMessage(id, answer, allowedUnder)
      send(fd, message, message.length, 0)
    },
    renew: (generation) => (allowedUnder = generation),
  }
}

function take(fd: number, queue: number, copied: number, bytes: Uint8Array): void {
  for (const request of [bindMessage(queue), parametersMessage(queue, copied, HELD_PACKETS)]) {
    send(fd, request, request.length, 0)
    const [reply] = readMessages(bytes.subarray(0, Math.max(0, Number(recv(fd, bytes, bytes.length, 0)))))
    if (reply?.kind === 'error' && reply.errno === 0) continue
    const errno = reply?.kind === 'error' ? reply.errno : 'none'
    throw new InsideError('start-failed', `the kernel's packet queue (NFQUEUE) refused: error ${errno}`)
  }
}

/** Packets are numbered in each queue: ours are the number times the queues there are, and the queue. */
function answerMessage(id: number, answer: PacketAnswer, generation: number): Uint8Array {
  const [queue, number] = [id % BY_NUMBER.length, Math.floor(id / BY_NUMBER.length)]
  if (answer === 'drop') return verdictMessage(queue, number, VERDICTS.drop, null)
  if (answer === 'pass') return verdictMessage(queue, number, VERDICTS.accept, null)
  // The packet meets the rules once more, which act on the mark; one for which that fails stays held.
  return verdictMessage(queue, number, VERDICTS.repeat, markOf(answer, generation))
}

async function readAll(
  fd: number,
  bytes: Uint8Array,
  onPacket: (packet: QueuedPacket) => void,
  onOverflow: () => void,
): Promise<never> {
  const receive = promisify<number, Uint8Array, number, number, number>(recv.async)
  for (let errors = 0; errors < MAX_ERRORS;) {
    // On a thread of the pool: the event loop goes on meanwhile.
    const received = Number(await receive(fd, bytes, bytes.length, 0))
    if (received <= 0) {
      errors++
      onOverflow()
      continue
    }
    errors = 0
    for (const found of readMessages(bytes.subarray(0, received))) {
      const queue = found.kind === 'packet' ? BY_NUMBER[found.queue] : undefined
      if (found.kind !== 'packet' || queue === undefined) continue
      const { id, payload, length } = found
      onPacket({ id: id * BY_NUMBER.length + found.queue, queue, payload, length })
    }
  }
  throw new InsideError('start-failed', 'the packet queue of the kernel does not answer')
}
