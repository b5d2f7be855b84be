import { found, type Found } from '../identify/identification.ts'
import { latin1, startsWith, u16, u32, u8 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'

/** Distributed hash table (BEP 5): a bencoded dictionary whose `y` says query, response or error. */
export function bittorrentDht({ bytes }: DatagramView): Found | null {
  if (u8(bytes, 0) !== 0x64 || bytes.length < 12) return null
  const begins = ['d1:', 'd2:ip', 'd2:ro', 'd6:', 'd3:'].some((text) => startsWith(bytes, text) === true)
  if (!begins) return null
  const text = latin1(bytes, 0, 2048)
  const isDht = /1:y1:[qre]/.test(text) || /^d1:[ar]d2:id20:/.test(text)
  return isDht ? found('bittorrent', 0, 12, 'BitTorrent DHT message') : null
}

/** A client asks a tracker for a connection by a fixed number (BEP 15). */
export function tracker({ bytes }: DatagramView): Found | null {
  const isConnect =
    bytes.length === 16 && u32(bytes, 0) === 0x417 && u32(bytes, 4) === 0x27101980 && u32(bytes, 8) === 0
  return isConnect ? found('bittorrent', 0, 12, 'BitTorrent tracker connection') : null
}

/** Peers on the same network are looked for by multicast (BEP 14). */
export function peerSearch({ bytes }: DatagramView): Found | null {
  return startsWith(bytes, 'BT-SEARCH * HTTP/1.') === true ? found('bittorrent', 0, 19, 'BitTorrent peer search') : null
}

/** The first packet of uTP (BEP 29): SYN, version 1, no delay measured, nothing acknowledged. Others say too little. */
export function utp({ bytes }: DatagramView): Found | null {
  const extension = u8(bytes, 1)
  const isSyn =
    u8(bytes, 0) === 0x41 && (extension === 0 || extension === 2) && bytes.length >= 20 && bytes.length <= 40
  const window = u32(bytes, 12)
  const isFirst = u32(bytes, 8) === 0 && u16(bytes, 18) === 0 && window >= 1024 && window <= 0x1000000
  return isSyn && isFirst ? found('bittorrent', 0, 20, 'uTP SYN', { confidence: 'medium' }) : null
}
