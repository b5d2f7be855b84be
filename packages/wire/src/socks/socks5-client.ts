import { addressBytes, isIpv4 } from '@sallyport/net'
import { u8 } from '../identify/octets.ts'
import { SOCKS_METHOD, type SocksDestination, type SocksRead } from './socks5.ts'

/** Version and methods, as a client begins (RFC 1928 §3). */
export function buildSocksGreeting(hasPassword: boolean): Uint8Array {
  return Uint8Array.from(
    hasPassword ? [5, 2, SOCKS_METHOD.NONE, SOCKS_METHOD.USER_PASSWORD] : [5, 1, SOCKS_METHOD.NONE],
  )
}

/** User and password, of 1 to 255 octets each (RFC 1929 §2). */
export function buildSocksLogin(user: Uint8Array, password: Uint8Array): Uint8Array {
  return Uint8Array.from([1, user.length, ...user, password.length, ...password])
}

export function buildSocksConnect(destination: SocksDestination, port: number): Uint8Array {
  const to =
    destination.kind === 'name'
      ? [3, destination.octets.length, ...destination.octets]
      : isIpv4(destination.address)
        ? [1, ...addressBytes(destination.address).subarray(12)]
        : [4, ...addressBytes(destination.address)]
  return Uint8Array.from([5, 1, 0, ...to, port >> 8, port & 255])
}

/** The method that the server has chosen, or its word on a login: two octets, the first of which is the version. */
export function readSocksChoice(bytes: Uint8Array, version: 1 | 5): SocksRead<{ readonly choice: number }> {
  if (bytes.length > 0 && u8(bytes, 0) !== version) return { state: 'bad', what: `version ${u8(bytes, 0)}` }
  return bytes.length < 2 ? { state: 'more' } : { state: 'done', length: 2, choice: u8(bytes, 1) }
}

/** What became of the request (RFC 1928 §6); where the connection goes out from is read over. */
export function readSocksReply(bytes: Uint8Array): SocksRead<{ readonly reply: number }> {
  if (bytes.length > 0 && u8(bytes, 0) !== 5) return { state: 'bad', what: `version ${u8(bytes, 0)}` }
  if (bytes.length < 5) return { state: 'more' }
  const type = u8(bytes, 3)
  const size = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? 1 + u8(bytes, 4) : null
  if (size === null) return { state: 'bad', what: `address type ${type}` }
  const length = 4 + size + 2
  return bytes.length < length ? { state: 'more' } : { state: 'done', length, reply: u8(bytes, 1) }
}
