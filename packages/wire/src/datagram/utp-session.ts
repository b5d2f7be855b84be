import { found, type Found } from '../identify/identification.ts'
import { u16, u32, u8 } from '../identify/octets.ts'
import type { Direction } from '../identify/recogniser.ts'

type Packet = {
  readonly connection: number
  readonly sequence: number
  readonly acknowledged: number
  readonly sentMicroseconds: number
}

/** Packets one side may be ahead of what the other has acknowledged. */
const MOST_IN_FLIGHT = 64

const MOST_PAUSE_MICROSECONDS = 60_000_000

/**
 * uTP whose SYN was missed (BEP 29): the connection ids of both directions differ by one, and one side acknowledges what the
 * other has sent; or three packets of one side, the next numbers of one connection at rising times.
 */
export class UtpSession {
  readonly #last: Record<Direction, Packet | null> = { client: null, server: null }
  readonly #run: Record<Direction, number> = { client: 0, server: 0 }

  push(direction: Direction, bytes: Uint8Array): Found | null {
    const packet = readUtp(bytes)
    const last = this.#last[direction]
    this.#last[direction] = packet
    this.#run[direction] = packet !== null && last !== null && follows(packet, last) ? this.#run[direction] + 1 : 0
    if (this.#run[direction] >= 2)
      return found('bittorrent', 0, 20, 'consecutive uTP packets', { confidence: 'medium' })
    const other = this.#last[direction === 'client' ? 'server' : 'client']
    if (packet === null || other === null) return null
    const isPair = Math.abs(packet.connection - other.connection) === 1
    const answers = ((other.sequence - packet.acknowledged) & 0xffff) < MOST_IN_FLIGHT
    return isPair && answers ? found('bittorrent', 0, 20, 'uTP packets of both sides', { confidence: 'medium' }) : null
  }
}

function follows(packet: Packet, last: Packet): boolean {
  const step = (packet.sequence - last.sequence) & 0xffff
  const pause = (packet.sentMicroseconds - last.sentMicroseconds) >>> 0
  return packet.connection === last.connection && step >= 1 && step < 16 && pause > 0 && pause < MOST_PAUSE_MICROSECONDS
}

function readUtp(bytes: Uint8Array): Packet | null {
  const isUtp = bytes.length >= 20 && (u8(bytes, 0) & 15) === 1 && u8(bytes, 0) >> 4 <= 4 && u8(bytes, 1) <= 2
  if (!isUtp || u32(bytes, 4) === 0) return null
  return {
    connection: u16(bytes, 2),
    sequence: u16(bytes, 16),
    acknowledged: u16(bytes, 18),
    sentMicroseconds: u32(bytes, 4),
  }
}
