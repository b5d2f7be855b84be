import type { Header } from './message.ts'

/** The second word of the header (RFC 1035 §4.1.1, RFC 4035 §3.2). */
const BIT = {
  response: 15,
  authoritative: 10,
  truncated: 9,
  recursionDesired: 8,
  recursionAvailable: 7,
  authenticData: 5,
  checkingDisabled: 4,
} as const

export function unpackHeader(id: number, bits: number): Header {
  const set = (name: keyof typeof BIT): boolean => ((bits >>> BIT[name]) & 1) === 1
  return {
    id,
    response: set('response'),
    opcode: (bits >>> 11) & 15,
    authoritative: set('authoritative'),
    truncated: set('truncated'),
    recursionDesired: set('recursionDesired'),
    recursionAvailable: set('recursionAvailable'),
    authenticData: set('authenticData'),
    checkingDisabled: set('checkingDisabled'),
    rcode: bits & 15,
  }
}

export function packHeaderBits(header: Header): number {
  let bits = ((header.opcode & 15) << 11) | (header.rcode & 15)
  for (const name of Object.keys(BIT) as (keyof typeof BIT)[]) if (header[name]) bits |= 1 << BIT[name]
  return bits
}
