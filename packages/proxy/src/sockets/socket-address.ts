import { addressBytes, addressFromBytes, ipv4, isIpv4 } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import type { FixedMemory } from './fixed-memory.ts'
import { AF_INET, AF_INET6 } from './socket-calls.ts'

export const LONGEST_SOCKET_ADDRESS = 28

/** sockaddr_in or sockaddr_in6; gives its length. */
export function writeSocketAddress({ octets, view }: FixedMemory, { address, port }: SocketEnd): number {
  const isFour = isIpv4(address)
  view.setUint16(0, isFour ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  if (isFour) {
    view.setUint32(4, address.words[3])
    view.setFloat64(8, 0)
    return 16
  }
  view.setUint32(4, 0)
  octets.set(addressBytes(address), 8)
  view.setUint32(24, 0)
  return LONGEST_SOCKET_ADDRESS
}

export function readSocketAddress({ octets, view }: FixedMemory): SocketEnd | null {
  const family = view.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return null
  const address = family === AF_INET ? ipv4(view.getUint32(4)) : addressFromBytes(octets.subarray(8, 24))
  return address === null ? null : { address, port: view.getUint16(2) }
}
