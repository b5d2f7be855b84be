/** Attributes of netlink messages (linux/netlink.h): a length, a type, octets. Numbers of netfilter's are in network order. */

const NESTED = 0x8000

export function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + aligned(value.length))
  const view = viewOf(bytes)
  view.setUint16(0, 4 + value.length, true)
  view.setUint16(2, type, true)
  bytes.set(value, 4)
  return bytes
}

export function nested(type: number, ...inside: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NESTED, Buffer.concat(inside))
}

/** Text with the zero that ends it. */
export function named(type: number, text: string): Uint8Array {
  return attribute(type, Buffer.from(`${text}\0`))
}

export function attributesOf(bytes: Uint8Array = new Uint8Array()): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const view = viewOf(bytes)
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true)
    if (length < 4) break
    found.set(view.getUint16(at + 2, true) & ~NESTED, bytes.subarray(at + 4, at + length))
    at += aligned(length)
  }
  return found
}

export function aligned(length: number): number {
  return (length + 3) & ~3
}

export function big16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}

export function big32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setInt32(0, value)
  return bytes
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
