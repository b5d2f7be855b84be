import { found, more, type Sight } from '../identify/identification.ts'
import { u16, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'

/** The last frame of a message of text (RFC 6455 §5.2). */
const FINAL_TEXT = 0x81
const MASKED = 0x80
const WITH_LENGTH = 126
const LEAST_TEXT = 8
const LONGEST = 4096

/**
 * Text in a WebSocket whose handshake was missed. A client's is masked, a server's is not (RFC 6455 §5.1); which of the two is which a
 * capture that begins there does not tell.
 */
export function webSocketText({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== FINAL_TEXT) return 'no'
  if (bytes.length < 4) return more(4)
  const isMasked = u8(bytes, 1) >= MASKED
  const short = u8(bytes, 1) & ~MASKED
  if (short > WITH_LENGTH) return 'no'
  const length = short === WITH_LENGTH ? u16(bytes, 2) : short
  if (length < LEAST_TEXT || length > LONGEST) return 'no'
  const mask = short === WITH_LENGTH ? 4 : 2
  const start = mask + (isMasked ? 4 : 0)
  if (bytes.length < start + length) return more(start + length)
  for (let at = 0; at < length; at++) {
    const octet = u8(bytes, start + at) ^ (isMasked ? u8(bytes, mask + (at & 3)) : 0)
    const isText = octet >= 0x20 ? octet !== 0x7f : [9, 10, 13].includes(octet)
    if (!isText || octet > 0xf4) return 'no'
  }
  return found('http', 0, start + length, 'text in a WebSocket frame', {
    confidence: 'low',
    problem: 'incomplete-handshake',
  })
}
