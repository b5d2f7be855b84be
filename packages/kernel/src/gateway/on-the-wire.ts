import type { ForwardedEvent } from './forwarded-event.ts'

/** The kernel judges IPv4 in one form, however it was written. RFC 6052: to a client of IPv6 it was the well-known prefix. */
export function onTheWire({ src, dst }: Pick<ForwardedEvent, 'src' | 'dst'>): {
  readonly client: Uint8Array
  readonly server: Uint8Array
} {
  if (isMapped(src)) return { client: src.subarray(12), server: dst.subarray(12) }
  const server = isMapped(dst) ? Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ...dst.subarray(12)) : dst
  return { client: src, server }
}

function isMapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((octet) => octet === 0) && address[10] === 0xff && address[11] === 0xff
}
