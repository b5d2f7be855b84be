import type { HandshakeCrypto } from '../identify/identification.ts'
import { u8 } from '../identify/octets.ts'
import type { InitialKeys } from './initial-keys.ts'
import type { LongHeader } from './long-header.ts'

/** Takes away header protection and opens the payload (RFC 9001 §5.3, §5.4); null when the keys are not the packet's. */
export function openInitial(
  ciphers: HandshakeCrypto,
  keys: InitialKeys,
  bytes: Uint8Array,
  { start, firstOctet, numberOffset, end }: LongHeader,
): Uint8Array | null {
  const mask = ciphers.aesEcbBlock(keys.headerKey, bytes.subarray(numberOffset + 4, numberOffset + 20))
  const first = firstOctet ^ (u8(mask, 0) & 0x0f)
  const numberLength = (first & 3) + 1
  const header = new Uint8Array(bytes.subarray(start, numberOffset + numberLength))
  header[0] = first
  const nonce = new Uint8Array(keys.iv)
  for (let index = 0; index < numberLength; index++) {
    const at = numberOffset - start + index
    header[at] = u8(header, at) ^ u8(mask, 1 + index)
    const inNonce = 12 - numberLength + index
    nonce[inNonce] = u8(nonce, inNonce) ^ header[at]!
  }
  const sealed = bytes.subarray(numberOffset + numberLength, end)
  return sealed.length < 16 ? null : ciphers.aesGcmOpen(keys.key, nonce, header, sealed)
}
