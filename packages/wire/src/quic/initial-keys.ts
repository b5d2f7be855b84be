import type { HandshakeCrypto } from '../identify/identification.ts'
import { concat } from '../identify/octets.ts'

export type InitialKeys = { readonly key: Uint8Array; readonly iv: Uint8Array; readonly headerKey: Uint8Array }

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
const fromHex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g)!, (pair) => Number.parseInt(pair, 16))

/** Keys of the client's Initial packets (RFC 9001 §5.2), from the connection id that its first one is sent to. */
export function clientInitialKeys(
  ciphers: HandshakeCrypto,
  saltHex: string,
  labelPrefix: string,
  connectionId: Uint8Array,
): InitialKeys {
  const initial = ciphers.hmacSha256(fromHex(saltHex), connectionId)
  const client = expandLabel(ciphers, initial, 'client in', 32)
  return {
    key: expandLabel(ciphers, client, `${labelPrefix} key`, 16),
    iv: expandLabel(ciphers, client, `${labelPrefix} iv`, 12),
    headerKey: expandLabel(ciphers, client, `${labelPrefix} hp`, 16),
  }
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1); one block of SHA-256 is enough for all lengths asked for. */
function expandLabel(ciphers: HandshakeCrypto, secret: Uint8Array, label: string, length: number): Uint8Array {
  const full = ascii(`tls13 ${label}`)
  const info = concat([Uint8Array.of(0, length, full.length), full, Uint8Array.of(0, 1)])
  return ciphers.hmacSha256(secret, info).subarray(0, length)
}
