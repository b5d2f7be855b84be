import { u8 } from '../identify/octets.ts'

/** Whether every octet from `start` up to `end` is a visible ASCII character or a space. */
export function isPrintable(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (u8(bytes, at) < 0x20 || u8(bytes, at) > 0x7e) return false
  return true
}
