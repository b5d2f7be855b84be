const HEADER = 12
const OPT = 41

/** Where the times to live of all records but OPT stand in a message, and the least of them; `null` for what is none. */
export function ttlOffsets(
  message: Uint8Array,
): { readonly offsets: readonly number[]; readonly leastSeconds: number } | null {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  if (message.length < HEADER) return null
  const offsets: number[] = []
  let leastSeconds = Infinity
  let at = HEADER
  for (let question = view.getUint16(4); question > 0; question--) at = afterName(message, at) + 4
  for (let left = view.getUint16(6) + view.getUint16(8) + view.getUint16(10); left > 0; left--) {
    at = afterName(message, at)
    if (at + 10 > message.length) return null
    if (view.getUint16(at) !== OPT) {
      offsets.push(at + 4)
      leastSeconds = Math.min(leastSeconds, view.getUint32(at + 4))
    }
    at += 10 + view.getUint16(at + 8)
  }
  return at === message.length ? { offsets, leastSeconds } : null
}

function afterName(message: Uint8Array, start: number): number {
  let at = start
  while (at < message.length && message[at] !== 0) {
    if (message[at]! >= 0xc0) return at + 2
    at += message[at]! + 1
  }
  return at + 1
}
