import { found, more, type Sight } from '../identify/identification.ts'
import { u16, u32, u8 } from '../identify/octets.ts'
import type { StreamView } from '../identify/recogniser.ts'

/** Length of a BER element and where its value starts; null when it is indefinite or over four octets. */
export function berLength(bytes: Uint8Array, at: number): { readonly length: number; readonly start: number } | null {
  const first = u8(bytes, at)
  if (first < 0x80) return { length: first, start: at + 1 }
  const octets = first & 0x7f
  if (octets === 0 || octets > 4) return null
  let length = 0
  for (let index = 1; index <= octets; index++) length = length * 256 + u8(bytes, at + index)
  return { length, start: at + 1 + octets }
}

/** Operations a side begins with: bind, search, extended, abandon, and their answers (RFC 4511 §4.2). */
const LDAP_OPERATIONS: readonly number[] = [0x60, 0x61, 0x63, 0x64, 0x65, 0x77, 0x78, 0x42, 0x50, 0x66, 0x68, 0x4a]

export function ldapAt(bytes: Uint8Array): 'yes' | 'no' | 'more' {
  if (bytes.length > 0 && u8(bytes, 0) !== 0x30) return 'no'
  if (bytes.length < 7) return 'more'
  // An unbind is whole after seven octets (RFC 4511 §4.3).
  if (u8(bytes, 1) === 5) return u16(bytes, 2) === 0x0201 && u16(bytes, 5) === 0x4200 ? 'yes' : 'no'
  if (bytes.length < 16) return 'more'
  const outer = berLength(bytes, 1)
  if (outer === null || outer.length < 5 || outer.length > 0x1000000 || u8(bytes, outer.start) !== 2) return 'no'
  const idLength = u8(bytes, outer.start + 1)
  if (idLength === 0 || idLength > 4) return 'no'
  const at = outer.start + 2 + idLength
  const inner = berLength(bytes, at + 1)
  if (!LDAP_OPERATIONS.includes(u8(bytes, at)) || inner === null || inner.length > outer.length) return 'no'
  // A bind states its version (RFC 4511 §4.2), which tells it from other protocols of ASN.1.
  if (u8(bytes, at) === 0x60 && (u16(bytes, inner.start) !== 0x0201 || ![2, 3].includes(u8(bytes, inner.start + 2))))
    return 'no'
  return 'yes'
}

export function recogniseLdap({ bytes }: StreamView): Sight {
  const seen = ldapAt(bytes)
  if (seen === 'more') return more(bytes.length < 7 ? 7 : 16)
  return seen === 'yes' ? found('ldap', 0, 16, 'LDAP message') : 'no'
}

/** Application tags of RFC 4120 §5.10: AS, TGS, AP, errors. */
const KERBEROS_TAGS: readonly number[] = [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x74, 0x75, 0x7e]

/** A Kerberos message: application tag, sequence, the version 5 and the same message type as in the tag. */
export function isKerberos(bytes: Uint8Array, at: number): boolean {
  const tag = u8(bytes, at)
  const outer = KERBEROS_TAGS.includes(tag) ? berLength(bytes, at + 1) : null
  if (outer === null || u8(bytes, outer.start) !== 0x30) return false
  const sequence = berLength(bytes, outer.start + 1)
  if (sequence === null || sequence.length > outer.length) return false
  const field = sequence.start
  const isVersion = u8(bytes, field) >= 0xa0 && u8(bytes, field) <= 0xa1 && u32(bytes, field + 1) === 0x03020105
  return isVersion && u32(bytes, field + 6) >>> 8 === 0x030201 && u8(bytes, field + 9) === (tag & 0x1f)
}

export function recogniseKerberosStream({ bytes }: StreamView): Sight {
  if (bytes.length > 0 && u8(bytes, 0) !== 0) return 'no'
  if (bytes.length > 4 && !KERBEROS_TAGS.includes(u8(bytes, 4))) return 'no'
  if (bytes.length < 32) return more(bytes.length < 5 ? 5 : 32)
  return isKerberos(bytes, 4) && u32(bytes, 0) < 0x100000 ? found('kerberos', 0, 24, 'Kerberos message') : 'no'
}
