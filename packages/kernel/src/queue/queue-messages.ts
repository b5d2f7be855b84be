import { messagesIn, NETFILTER_HEADER_BYTES, netfilterMessage } from '../netfilter-message.ts'
import { attribute, big32, viewOf } from '../netlink-attributes.ts'

/** Messages of the kernel's packet queue (linux/netfilter/nfnetlink_queue.h): a netlink header, four bytes, attributes. */

const SUBSYSTEM = 3 << 8
const PACKET = SUBSYSTEM | 0
const VERDICT = SUBSYSTEM | 1
const CONFIG = SUBSYSTEM | 2
const NLMSG_ERROR = 2
const REQUEST = 1
const ACK = 4
const CONFIGURE = { type: CONFIG, flags: REQUEST | ACK } as const

export const VERDICTS = { drop: 0, accept: 1, repeat: 4 } as const

export type QueueMessage =
  | {
      readonly kind: 'packet'
      readonly queue: number
      readonly id: number
      readonly mark: number
      readonly payload: Uint8Array
      /** Of the whole packet, of which `payload` may be the beginning. */
      readonly length: number
    }
  | { readonly kind: 'error'; readonly errno: number }

export function bindMessage(queue: number): Uint8Array {
  return netfilterMessage({ ...CONFIGURE, resource: queue }, attribute(1, Uint8Array.of(1, 0, 0, 0)))
}

/** `copy` bytes of each packet are handed up; at most `held` packets wait, and what comes then is dropped. */
export function parametersMessage(queue: number, copy: number, held: number): Uint8Array {
  const gso = 4
  return netfilterMessage(
    { ...CONFIGURE, resource: queue },
    attribute(2, Uint8Array.of(...big32(copy), 2)),
    attribute(3, big32(held)),
    attribute(4, big32(gso)),
    attribute(5, big32(gso)),
  )
}

/** `mark`: written to the packet; null leaves it as it is. */
export function verdictMessage(queue: number, id: number, verdict: number, mark: number | null): Uint8Array {
  const attributes = [
    attribute(2, Uint8Array.of(...big32(verdict), ...big32(id))),
    ...(mark === null ? [] : [attribute(3, big32(mark))]),
  ]
  return netfilterMessage({ type: VERDICT, flags: REQUEST, resource: queue }, ...attributes)
}

/** Every message in one datagram of the kernel; stops at the first that does not fit. */
export function* readMessages(datagram: Uint8Array): Generator<QueueMessage> {
  for (const { type, bytes } of messagesIn(datagram)) {
    const view = viewOf(bytes)
    if (type === NLMSG_ERROR) yield { kind: 'error', errno: Math.abs(view.getInt32(16, true)) }
    if (type === PACKET) {
      const found = readPacket(view.getUint16(18), bytes.subarray(NETFILTER_HEADER_BYTES))
      if (found !== null) yield found
    }
  }
}

function readPacket(queue: number, bytes: Uint8Array): QueueMessage | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let id: number | null = null
  let mark = 0
  let payload: Uint8Array = new Uint8Array(0)
  let whole: number | null = null
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > bytes.length) break
    const type = view.getUint16(at + 2, true) & 0x3fff
    if (type === 1 && length >= 8) id = view.getUint32(at + 4)
    if (type === 3 && length >= 8) mark = view.getUint32(at + 4)
    if (type === 13 && length >= 8) whole = view.getUint32(at + 4)
    if (type === 10) payload = bytes.slice(at + 4, at + length)
    at += (length + 3) & ~3
  }
  return id === null ? null : { kind: 'packet', queue, id, mark, payload, length: whole ?? payload.length }
}
