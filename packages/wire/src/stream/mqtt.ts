import { found, more, type Sight } from '../identify/identification.ts'
import { startsWith, u16, u8 } from '../identify/octets.ts'
import type { StreamRecogniser, StreamView } from '../identify/recogniser.ts'
import { isPrintable } from './printable.ts'

/** Types of control packets by their first octet (MQTT 3.1.1 §2.2, MQTT 5 §2.1). */
const CONNECT = 0x10
const CONNACK = 0x20
const PUBACK = 0x40
const SUBSCRIBE = 0x82
const PINGREQ = 0xc0
const PINGRESP = 0xd0

/** CONNECT and CONNACK (§3.1, §3.2), or what a connection carries whose beginning was missed. */
export const mqtt: StreamRecogniser = (view) => {
  const { bytes } = view
  if (bytes.length === 0) return more(1)
  const type = u8(bytes, 0)
  if (type === CONNECT) return connect(bytes)
  if (type === CONNACK) return connectAnswer(bytes)
  if (type >> 4 === 3) return publish(bytes, 0)
  if (type === SUBSCRIBE) return subscribe(bytes)
  return type === PINGREQ || type === PINGRESP || type === PUBACK ? amongAnswers(view) : 'no'
}

function connect(bytes: Uint8Array): Sight {
  let at = 1
  while (at < 4 && u8(bytes, at) >= 0x80) at++
  if (bytes.length < at + 9) return more(Math.max(at + 9, bytes.length + 1))
  const named = startsWith(bytes, '\0\x04MQTT', at + 1) === true || startsWith(bytes, '\0\x06MQIsdp', at + 1) === true
  return named ? found('mqtt', 0, at + 7, 'MQTT CONNECT') : 'no'
}

/** Two octets in version 3; in version 5 a reason and properties that fill the rest (MQTT 5 §3.2). */
function connectAnswer(bytes: Uint8Array): Sight {
  if (bytes.length < 2) return more(2)
  const length = u8(bytes, 1)
  if (length < 2 || length > 127) return 'no'
  if (bytes.length < 4) return more(4)
  if (u8(bytes, 2) > 1) return 'no'
  const reason = u8(bytes, 3)
  if (length === 2) return reason <= 5 ? found('mqtt', 0, 4, 'MQTT CONNACK', { confidence: 'medium' }) : 'no'
  if (bytes.length < 5) return more(5)
  const isFifth = (reason === 0 || (reason >= 0x80 && reason <= 0x9f)) && u8(bytes, 4) === length - 3
  return isFifth ? found('mqtt', 0, 5, 'MQTT CONNACK', { confidence: 'medium' }) : 'no'
}

/** The remaining length (§2.2.3) and where it ends; null where it has no end, `more` octets where it is not whole. */
function remainingLength(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly next: number } | 'more' | null {
  let value = 0
  for (let index = 0; index < 4; index++) {
    if (start + index >= bytes.length) return 'more'
    const octet = u8(bytes, start + index)
    value += (octet & 0x7f) * 128 ** index
    if (octet < 0x80) return { value, next: start + index + 1 }
  }
  return null
}

/** A topic in text, inside the remaining length (§3.3). */
function publish(bytes: Uint8Array, start: number): Sight {
  if ((u8(bytes, start) & 6) === 6) return 'no'
  const length = remainingLength(bytes, start + 1)
  if (length === null) return 'no'
  if (length === 'more' || bytes.length < length.next + 2) return more(bytes.length + 1)
  const at = length.next
  const topic = u16(bytes, at)
  if (topic < 2 || topic > 1024 || topic + 2 > length.value) return 'no'
  const end = at + 2 + topic
  if (!isPrintable(bytes, at + 2, Math.min(end, bytes.length))) return 'no'
  return bytes.length < end ? more(end) : found('mqtt', start, end - start, 'MQTT PUBLISH', { confidence: 'medium' })
}

/** A packet id and a filter of topics in text with its quality of service; version 5 has properties before it (§3.8). */
function subscribe(bytes: Uint8Array): Sight {
  const length = remainingLength(bytes, 1)
  if (length === null) return 'no'
  if (length === 'more') return more(bytes.length + 1)
  if (length.value < 6 || length.value > 4096) return 'no'
  const whole = length.next + length.value
  if (bytes.length < whole) return more(whole)
  for (const at of [length.next + 2, length.next + 3 + u8(bytes, length.next + 2)]) {
    const end = at + 2 + u16(bytes, at)
    if (end > at + 2 && end < whole && isPrintable(bytes, at + 2, end) && u8(bytes, end) <= 0x3f)
      return found('mqtt', 0, end, 'MQTT SUBSCRIBE', { confidence: 'medium' })
  }
  return 'no'
}

/** Pings and acknowledgements say little by themselves: the other side's answer, or a PUBLISH behind them, tells. */
function amongAnswers({ bytes, other }: StreamView): Sight {
  let at = 0
  for (let packets = 0; packets < 16; packets++) {
    if (bytes.length < at + 2) return answers(bytes, other) ?? more(at + 2)
    const type = u8(bytes, at)
    if (type >> 4 === 3) return publish(bytes, at)
    const isPing = (type === PINGREQ || type === PINGRESP) && u8(bytes, at + 1) === 0
    const isAcknowledgement = type === PUBACK && u8(bytes, at + 1) === 2
    if (!isPing && !isAcknowledgement) return 'no'
    at += 2 + u8(bytes, at + 1)
  }
  return 'no'
}

function answers(bytes: Uint8Array, other: Uint8Array): Sight | null {
  const isPing = u8(bytes, 0) === PINGREQ && u16(bytes, 0) === 0xc000 && u16(other, 0) === 0xd000
  return isPing ? found('mqtt', 0, 2, 'MQTT PINGREQ and its answer', { confidence: 'medium' }) : null
}
