/** Two ends, by the length of their addresses. */
export const ENDS: Readonly<Record<4 | 16, readonly [Uint8Array, Uint8Array]>> = {
  4: [Uint8Array.of(10, 77, 0, 10), Uint8Array.of(198, 51, 100, 10)],
  16: [
    Uint8Array.of(0xfd, 0x77, ...Array(13).fill(0), 0x10),
    Uint8Array.of(0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 0x10),
  ],
}

/** RFC 1071: over what bears its own checksum, the sum is all ones. */
export function sum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts)
  let total = 0
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt16BE(at)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}
