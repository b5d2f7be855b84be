import { promisify } from 'node:util'
import type { PacketVerdict } from '../packet-facts.ts'
import { InsideError } from './inside-error.ts'
import { bind, recv, send, socket } from './libc.ts'
import { MARKS, QUEUE } from './packet-rules.ts'
import { bindMessage, parametersMessage, readMessages, VERDICTS, verdictMessage } from '../../queue/queue-messages.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_NETFILTER = 12
const MAX_ERRORS = 64
const HEADERS_BYTES = 512
const HELD_PACKETS = 1024

export type PacketQueue = {
  /** Calls back for every packet that waits, until the process ends. Rejects when the kernel does not deliver. */
  read(onPacket: (id: number, payload: Uint8Array) => void, onOverflow: () => void): Promise<never>
  answer(id: number, verdict: PacketVerdict): void
}

/** Takes the queue of this network namespace. */
export function openPacketQueue(): PacketQueue {
  const fd: number = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER)
  const address = new Uint8Array(12)
  new DataView(address.buffer).setUint16(0, AF_NETLINK, true)
  if (fd < 0 || bind(fd, address, address.length) !== 0) throw new InsideError('start-failed', 'no netlink socket')
  const bytes = new Uint8Array(65_536)
  for (const request of [bindMessage(QUEUE), parametersMessage(QUEUE, HEADERS_BYTES, HELD_PACKETS)]) {
    send(fd, request, request.length, 0)
    const [reply] = readMessages(bytes.subarray(0, Math.max(0, Number(recv(fd, bytes, bytes.length, 0)))))
    if (reply?.kind !== 'error' || reply.errno !== 0)
      throw new InsideError(
        'start-failed',
        `the kernel's packet queue (NFQUEUE) refused: error ${reply?.kind === 'error' ? reply.errno : 'none'}`,
      )
  }
  return {
    read: (onPacket, onOverflow) => readAll(fd, bytes, onPacket, onOverflow),
    answer: (id, verdict) => {
      // An answer meets the rules once more, which act on the mark; a packet for which that fails stays held.
      const answer = verdictMessage(QUEUE, id, VERDICTS.repeat, MARKS[verdict])
      send(fd, answer, answer.length, 0)
    },
  }
}

async function readAll(
  fd: number,
  bytes: Uint8Array,
  onPacket: (id: number, payload: Uint8Array) => void,
  onOverflow: () => void,
): Promise<never> {
  const receive = promisify<number, Uint8Array, number, number, number>(recv.async)
  for (let errors = 0; errors < MAX_ERRORS;) {
    // On a thread of the pool: the event loop goes on meanwhile.
    const length = Number(await receive(fd, bytes, bytes.length, 0))
    if (length <= 0) {
      errors++
      onOverflow()
      continue
    }
    errors = 0
    for (const found of readMessages(bytes.subarray(0, length)))
      if (found.kind === 'packet') onPacket(found.id, found.payload)
  }
  throw new InsideError('start-failed', 'the packet queue of the kernel does not answer')
}
