import { found, type Found } from '../identify/identification.ts'
import { u16, u32, u8 } from '../identify/octets.ts'
import type { Direction } from '../identify/recogniser.ts'

type Packet = { readonly source: number; readonly sequence: number; readonly payloadType: number }

/** One RTP packet proves little: three of one source with rising sequence numbers do (RFC 3550 §5.1). */
export class RtpSession {
  readonly #last: Record<Direction, Packet | null> = { client: null, server: null }
  readonly #run: Record<Direction, number> = { client: 0, server: 0 }

  push(direction: Direction, bytes: Uint8Array): Found | null {
    const packet = readRtp(bytes)
    const last = this.#last[direction]
    const follows =
      packet !== null &&
      last !== null &&
      packet.source === last.source &&
      packet.payloadType === last.payloadType &&
      ((packet.sequence - last.sequence) & 0xffff) < 16 &&
      packet.sequence !== last.sequence
    this.#run[direction] = follows ? this.#run[direction] + 1 : 0
    this.#last[direction] = packet
    return this.#run[direction] >= 2 ? found('rtp', 0, 12, 'consecutive RTP packets', { confidence: 'medium' }) : null
  }
}

function readRtp(bytes: Uint8Array): Packet | null {
  const payloadType = u8(bytes, 1) & 0x7f
  const isRtp = bytes.length >= 13 && u8(bytes, 0) >> 6 === 2 && (payloadType < 35 || payloadType >= 96)
  return isRtp && u32(bytes, 8) !== 0 ? { source: u32(bytes, 8), sequence: u16(bytes, 2), payloadType } : null
}
