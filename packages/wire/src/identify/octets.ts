/** Octets of network order without bounds errors: what lies beyond the end reads as 0. */
export const u8 = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0
export const u16 = (bytes: Uint8Array, offset: number): number => (u8(bytes, offset) << 8) | u8(bytes, offset + 1)
export const u24 = (bytes: Uint8Array, offset: number): number => (u16(bytes, offset) << 8) | u8(bytes, offset + 2)
export const u32 = (bytes: Uint8Array, offset: number): number => u16(bytes, offset) * 0x10000 + u16(bytes, offset + 2)
export const u16le = (bytes: Uint8Array, offset: number): number => u8(bytes, offset) | (u8(bytes, offset + 1) << 8)
export const u32le = (bytes: Uint8Array, offset: number): number =>
  u16le(bytes, offset) + u16le(bytes, offset + 2) * 0x10000

/** Octets as text, one character each; ends at the end of the bytes. */
export function latin1(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = ''
  for (let offset = start; offset < Math.min(end, bytes.length); offset++) text += String.fromCharCode(bytes[offset]!)
  return text
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')

/** Whether the bytes begin with the text: null while they are too short to say. Capitals count unless `fold`. */
export function startsWith(bytes: Uint8Array, text: string, offset = 0, fold = false): boolean | null {
  for (let index = 0; index < text.length; index++) {
    const found = bytes[offset + index]
    if (found === undefined) return null
    const lower = fold && found >= 0x41 && found <= 0x5a ? found + 32 : found
    if (lower !== text.charCodeAt(index)) return false
  }
  return true
}

/** Where the octet next is, or -1. */
export function indexOf(bytes: Uint8Array, octet: number, from = 0): number {
  return bytes.indexOf(octet, from)
}

/** Concatenates; the parts may be used again afterwards. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
