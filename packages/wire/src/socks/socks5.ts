import { addressBytes, addressFromBytes, isIpv4, type Address } from '@sallyport/net'
import { u16, u8 } from '../identify/octets.ts'

/** The octets that are there are not enough, are wrong, or are a value of `length` octets. */
export type SocksRead<T> =
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly what: string }
  | ({ readonly state: 'done'; readonly length: number } & T)

export const SOCKS_METHOD = { NONE: 0, USER_PASSWORD: 2, NO_ACCEPTABLE: 0xff } as const
export const SOCKS_REPLY = {
  SUCCEEDED: 0,
  GENERAL_FAILURE: 1,
  NOT_ALLOWED: 2,
  NETWORK_UNREACHABLE: 3,
  HOST_UNREACHABLE: 4,
  CONNECTION_REFUSED: 5,
  TTL_EXPIRED: 6,
  COMMAND_NOT_SUPPORTED: 7,
  ADDRESS_TYPE_NOT_SUPPORTED: 8,
} as const
export type SocksReply = (typeof SOCKS_REPLY)[keyof typeof SOCKS_REPLY]

const MORE = { state: 'more' } as const
const bad = (what: string): { readonly state: 'bad'; readonly what: string } => ({ state: 'bad', what })

/** Version and methods (RFC 1928 §3). */
export function readSocksGreeting(bytes: Uint8Array): SocksRead<{ readonly methods: readonly number[] }> {
  if (bytes.length > 0 && u8(bytes, 0) !== 5) return bad(`version ${u8(bytes, 0)}`)
  if (bytes.length < 2) return MORE
  const count = u8(bytes, 1)
  if (count === 0) return bad('no method')
  if (bytes.length < 2 + count) return MORE
  return { state: 'done', length: 2 + count, methods: [...bytes.subarray(2, 2 + count)] }
}

/** User and password (RFC 1929 §2). */
export function readSocksLogin(
  bytes: Uint8Array,
): SocksRead<{ readonly user: Uint8Array; readonly password: Uint8Array }> {
  if (bytes.length > 0 && u8(bytes, 0) !== 1) return bad(`version ${u8(bytes, 0)} of user and password`)
  if (bytes.length < 2) return MORE
  const userEnd = 2 + u8(bytes, 1)
  if (bytes.length <= userEnd) return MORE
  const end = userEnd + 1 + u8(bytes, userEnd)
  if (userEnd === 2) return bad('empty user')
  if (bytes.length < end) return MORE
  return { state: 'done', length: end, user: bytes.slice(2, userEnd), password: bytes.slice(userEnd + 1, end) }
}

/** Octets of a name are as they came: whoever takes it for a host parses it. */
export type SocksDestination =
  { readonly kind: 'address'; readonly address: Address } | { readonly kind: 'name'; readonly octets: Uint8Array }

type SocksRequest = {
  readonly command: number
  readonly destination: SocksDestination | null
  readonly port: number
}

/** The request (RFC 1928 §4); `destination` is null for an address type that there is not. */
export function readSocksRequest(bytes: Uint8Array): SocksRead<SocksRequest> {
  if (bytes.length > 0 && u8(bytes, 0) !== 5) return bad(`version ${u8(bytes, 0)}`)
  if (bytes.length > 2 && u8(bytes, 2) !== 0) return bad('reserved octet is not zero')
  if (bytes.length < 5) return MORE
  const type = u8(bytes, 3)
  const start = type === 3 ? 5 : 4
  const size = type === 1 ? 4 : type === 4 ? 16 : type === 3 ? u8(bytes, 4) : null
  const command = u8(bytes, 1)
  if (size === null) return { state: 'done', length: bytes.length, command, destination: null, port: 0 }
  if (size === 0) return bad('empty name')
  const end = start + size
  if (bytes.length < end + 2) return MORE
  const octets = bytes.slice(start, end)
  const destination: SocksDestination =
    type === 3 ? { kind: 'name', octets } : { kind: 'address', address: addressFromBytes(octets)! }
  return { state: 'done', length: end + 2, command, destination, port: u16(bytes, end) }
}

/** The answer to a request, with the address that the connection goes out from, or none. */
export function buildSocksReply(
  reply: SocksReply,
  from: { readonly address: Address; readonly port: number } | null,
): Uint8Array {
  if (from === null) return Uint8Array.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
  const bytes = addressBytes(from.address)
  const octets = isIpv4(from.address) ? bytes.subarray(12) : bytes
  return Uint8Array.from([5, reply, 0, octets.length === 4 ? 1 : 4, ...octets, from.port >> 8, from.port & 255])
}
