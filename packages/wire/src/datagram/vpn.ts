import { found, type Found } from '../identify/identification.ts'
import { u16, u32, u32le, u8 } from '../identify/octets.ts'
import type { DatagramView } from '../identify/recogniser.ts'

/** Exchange types of IKE 1 (RFC 2408 §3.1, RFC 2409) and 2 (RFC 7296 §3.1). */
const IKE_EXCHANGES: Readonly<Record<number, readonly number[]>> = {
  0x10: [1, 2, 3, 4, 5, 6, 32, 33],
  0x20: [34, 35, 36, 37, 38, 43, 44],
}

/** IKE, on its port or behind the marker of NAT traversal (RFC 3948 §2.2). */
export function ike({ bytes }: DatagramView): Found | null {
  const at = u32(bytes, 0) === 0 && bytes.length > 32 ? 4 : 0
  if (bytes.length < at + 28) return null
  const isIke =
    u32(bytes, at) + u32(bytes, at + 4) > 0 &&
    (IKE_EXCHANGES[u8(bytes, at + 17)] ?? []).includes(u8(bytes, at + 18)) &&
    u8(bytes, at + 19) < 0x40 &&
    u32(bytes, at + 24) >= 28 &&
    u32(bytes, at + 24) <= bytes.length - at + 16
  return isIke ? found('ipsec', at, 28, 'IKE header') : null
}

/** Sizes of the four messages (WireGuard paper §5.4); the first octet is followed by three that are zero. */
export function wireguard({ bytes }: DatagramView): Found | null {
  if (u8(bytes, 1) + u8(bytes, 2) + u8(bytes, 3) !== 0) return null
  const type = u8(bytes, 0)
  const [isInitiation, isResponse] = [type === 1 && bytes.length === 148, type === 2 && bytes.length === 92]
  if (isInitiation || isResponse) return found('wireguard', 0, 4, 'WireGuard handshake')
  if (type === 3 && bytes.length === 64) return found('wireguard', 0, 4, 'WireGuard cookie', { confidence: 'medium' })
  const isData = type === 4 && bytes.length >= 32 && bytes.length % 16 === 0 && u32le(bytes, 4) > 0xffff
  return isData && u32le(bytes, 12) === 0 ? found('wireguard', 0, 16, 'WireGuard data', { confidence: 'medium' }) : null
}

/** What the HMACs in use add to a packet of the control channel, with packet id and time: SHA-1, SHA-2, MD5, none. */
const HMAC_LENGTHS: readonly number[] = [20, 32, 64, 16, 28, 48]

/** A hard reset (OpenVPN protocol): in clear, with tls-auth, or with tls-crypt, whose packet id is its first. */
export function isOpenvpnReset(bytes: Uint8Array): boolean {
  const opcode = u8(bytes, 0) >> 3
  if (![7, 8, 10].includes(opcode) || bytes.length < 14 || (u8(bytes, 0) & 7) !== 0) return false
  if (u32(bytes, 1) + u32(bytes, 5) === 0) return false
  if (bytes.length === 14) return opcode === 7 && u8(bytes, 9) === 0 && u32(bytes, 10) === 0
  if (isCrypt(bytes)) return true
  return opcode !== 10 && HMAC_LENGTHS.some((length) => isFirstAt(bytes, 9 + length, opcode))
}

/** tls-crypt: packet id and time in clear, then 32 octets of tag; version 2 appends the client's wrapped key. */
function isCrypt(bytes: Uint8Array): boolean {
  const id = u32(bytes, 9)
  const isTime = u32(bytes, 13) > 0x40000000
  return bytes.length >= 54 && (id === 1 || id === 0x0f000001) && isTime
}

/** tls-auth: packet id 1 and time behind the HMAC; a client's reset acknowledges nothing and is message 0. */
function isFirstAt(bytes: Uint8Array, at: number, opcode: number): boolean {
  if (bytes.length < at + 13 || u32(bytes, at) !== 1 || u32(bytes, at + 4) < 0x40000000) return false
  const acknowledged = u8(bytes, at + 8)
  return opcode === 7 ? acknowledged === 0 && bytes.length === at + 13 : acknowledged <= 8
}

export function openvpn({ bytes }: DatagramView): Found | null {
  return isOpenvpnReset(bytes)
    ? found('openvpn', 0, 9, 'OpenVPN hard reset')
    : isServerReset(bytes)
      ? found('openvpn', 0, 26, 'OpenVPN hard reset of the server')
      : null
}

/** A server's reset acknowledges the client's message 0 and names its session. */
function isServerReset(bytes: Uint8Array): boolean {
  return (
    u8(bytes, 0) >> 3 === 8 && bytes.length === 26 && u8(bytes, 9) === 1 && u32(bytes, 10) === 0 && u16(bytes, 22) === 0
  )
}
