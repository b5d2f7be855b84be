import { found, type Found } from '../identify/identification.ts'
import { u16, u32, u8 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'

const COOKIE = 0x2112a442
/** Requests and answers of RFC 3489, which has no cookie: binding and shared secret. */
const CLASSIC: readonly number[] = [0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112]

/** A STUN message (RFC 8489 §5), or one of RFC 3489 whose attributes add up; `whole` when nothing may follow. */
export function isStun(bytes: Uint8Array, whole: boolean): boolean {
  const length = u16(bytes, 2)
  if (bytes.length < 20 || u8(bytes, 0) > 0x3f || length % 4 !== 0) return false
  if (whole && bytes.length < 20 + length) return false
  if (u32(bytes, 4) === COOKIE) return u8(bytes, 0) < 4
  return whole && bytes.length === 20 + length && CLASSIC.includes(u16(bytes, 0)) && attributesAddUp(bytes)
}

function attributesAddUp(bytes: Uint8Array): boolean {
  let at = 20
  while (at + 4 <= bytes.length) at += 4 + ((u16(bytes, at + 2) + 3) & ~3)
  return at === bytes.length && u32(bytes, 4) !== 0
}

/** TURN's channel data (RFC 8656 §12.4) is too little to tell by itself. */
export function stun({ bytes }: DatagramView): Found | null {
  return isStun(bytes, true) ? found('stun', 0, 20, 'STUN message') : null
}

/** Compound RTCP (RFC 3550 §6.1): a report first, lengths that add up, a source description after it. */
export function rtcp({ bytes }: DatagramView): Found | null {
  if (bytes.length < 8 || u8(bytes, 0) >> 6 !== 2 || ![200, 201].includes(u8(bytes, 1))) return null
  let at = 0
  let packets = 0
  while (at + 4 <= bytes.length && u8(bytes, at) >> 6 === 2 && u8(bytes, at + 1) >= 200 && u8(bytes, at + 1) <= 207) {
    at += 4 + u16(bytes, at + 2) * 4
    packets++
  }
  if (at !== bytes.length) return null
  return found('rtcp', 0, 8, 'RTCP report', { confidence: packets > 1 ? 'high' : 'medium' })
}
