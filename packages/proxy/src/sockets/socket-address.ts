import { addressBytes, addressFromBytes, isIpv4 } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { AF_INET, AF_INET6 } from './socket-calls.ts'

export const LONGEST_SOCKET_ADDRESS = 28

/** sockaddr_in or sockaddr_in6. */
export function socketAddress({ address, port }: SocketEnd): Uint8Array {
  const isFour = isIpv4(address)
  const bytes = new Uint8Array(isFour ? 16 : LONGEST_SOCKET_ADDRESS)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, isFour ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  if (isFour) view.setUint32(4, address.words[3])
  else bytes.set(addressBytes(address), 8)
  return bytes
}

export function readSocketAddress(bytes: Uint8Array): SocketEnd | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const family = view.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return null
  const address = addressFromBytes(family === AF_INET ? bytes.subarray(4, 8) : bytes.subarray(8, 24))
  return address === null ? null : { address, port: view.getUint16(2) }
}
