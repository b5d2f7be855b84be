import { attribute, big32 } from '../netlink-attributes.ts'

/** Messages of the kernel's packet queue (linux/netfilter/nfnetlink_queue.h): a netlink header, four bytes, attributes. */

const SUBSYSTEM = 3 << 8
const PACKET = SUBSYSTEM | 0
const VERDICT = SUBSYSTEM | 1
const CONFIG = SUBSYSTEM | 2
const NLMSG_ERROR = 2
const REQUEST = 1
const ACK = 4
const HEADER = 20

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
  return message(CONFIG, REQUEST | ACK, queue, [attribute(1, Uint8Array.of(1, 0, 0, 0))])
}

/** `copy` bytes of each packet are handed up; at most `held` packets wait, and what comes then is dropped. */
export function parametersMessage(queue: number, copy: number, held: number): Uint8Array {
  const gso = 4
  return message(CONFIG, REQUEST | ACK, queue, [
    attribute(2, Uint8Array.of(...big32(copy), 2)),
    attribute(3, big32(held)),
    attribute(4, big32(gso)),
    attribute(5, big32(gso)),
  ])
}

/** `mark`: written to the packet; null leaves it as it is. */
export function verdictMessage(queue: number, id: number, verdict: number, mark: number | null): Uint8Array {
  const attributes = [
    attribute(2, Uint8Array.of(...big32(verdict), ...big32(id))),
    ...(mark === null ? [] : [attribute(3, big32(mark))]),
  ]
  return message(VERDICT, REQUEST, queue, attributes)
}

/** Every message in one datagram of the kernel; stops at the first that does not fit. */
export function* readMessages(bytes: Uint8Array): Generator<QueueMessage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true)
    if (length < HEADER || at + length > bytes.length) return
    const type = view.getUint16(at + 4, true)
    if (type === NLMSG_ERROR) yield { kind: 'error', errno: -view.getInt32(at + 16, true) }
    if (type === PACKET) {
      const found = readPacket(view.getUint16(at + 18), bytes.subarray(at + HEADER, at + length))
      if (found !== null) yield found
    }
    at += (length + 3) & ~3
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

function message(type: number, flags: number, queue: number, attributes: readonly Uint8Array[]): Uint8Array {
  const length = attributes.reduce((sum, each) => sum + each.length, HEADER)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint16(18, queue)
  let at = HEADER
  for (const each of attributes) {
    bytes.set(each, at)
    at += each.length
  }
  return bytes
}
