import { found, more, type Sight } from '../identify/identification.ts'
import { startsWith, u16, u32, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'

const FRAME_END = 0xce
/** Longer frames are known by their beginning alone. */
const LONGEST_CHECKED = 4096
/** Classes of methods of AMQP 0-9-1: connection, channel, access, exchange, queue, basic, confirm, tx. */
const CLASSES: readonly number[] = [10, 20, 30, 40, 50, 60, 85, 90]

/** The header of AMQP 0-8 to 1.0, its SASL and TLS headers, or frames of a connection whose beginning was missed. */
export function amqp({ bytes }: StreamView): Sight {
  if (bytes.length === 0) return more(1)
  const first = u8(bytes, 0)
  if (first === 0x41) return header(bytes)
  if (first === 1) return method(bytes)
  if (first === 8) return heartbeat(bytes)
  return first === 0 ? performative(bytes) : 'no'
}

function header(bytes: Uint8Array): Sight {
  const begins = startsWith(bytes, 'AMQP')
  if (begins !== true || bytes.length < 5) return begins === false ? 'no' : more(5)
  return u8(bytes, 4) <= 3 ? found('amqp', 0, 5, 'AMQP header') : 'no'
}

/** AMQP 0-9-1 §4.2.3: type, channel, size, payload, end; a method begins with its class. */
function method(bytes: Uint8Array): Sight {
  if (bytes.length < 11) return more(11)
  const size = u32(bytes, 3)
  const isMethod = CLASSES.includes(u16(bytes, 7)) && u16(bytes, 9) >= 1 && u16(bytes, 9) <= 120
  if (!isMethod || size < 4 || size > 0x100000) return 'no'
  if (size > LONGEST_CHECKED) return found('amqp', 0, 11, 'AMQP method', { confidence: 'medium' })
  if (bytes.length < size + 8) return more(size + 8)
  return u8(bytes, size + 7) === FRAME_END ? found('amqp', 0, 11, 'AMQP method') : 'no'
}

/** Channel 0, no payload (§4.2.7). */
function heartbeat(bytes: Uint8Array): Sight {
  if (bytes.length < 8) return more(8)
  const isHeartbeat = u16(bytes, 1) + u32(bytes, 3) === 0 && u8(bytes, 7) === FRAME_END
  return isHeartbeat ? found('amqp', 0, 8, 'AMQP heartbeat') : 'no'
}

/** AMQP 1.0 §2.3.1: size, data offset 2, AMQP or SASL, then a performative by its code. */
function performative(bytes: Uint8Array): Sight {
  if (bytes.length > 1 && u8(bytes, 1) !== 0) return 'no'
  if (bytes.length < 11) return more(11)
  const code = u8(bytes, 10)
  const isCode = u8(bytes, 5) === 0 ? code >= 0x10 && code <= 0x18 : code >= 0x40 && code <= 0x44
  const isFrame = u8(bytes, 4) === 2 && u8(bytes, 5) <= 1 && u16(bytes, 8) === 0x0053
  return isFrame && isCode && u32(bytes, 0) >= 11 ? found('amqp', 0, 11, 'AMQP performative') : 'no'
}
