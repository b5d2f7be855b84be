import { isIPv6 } from 'node:net'
import { addressBytes, addressFromBytes, formatAddress, parseAddress } from '@sallyport/net'
import type { Endpoint } from '../options.ts'

export const AF_INET = 2
export const AF_INET6 = 10

/** struct sockaddr_in or sockaddr_in6; `null` for what is no address of this host's own (a name, a zone). */
export function socketAddress({ address, port }: Endpoint): Uint8Array | null {
  const parsed = parseAddress(address)
  if (parsed === null) return null
  const six = isIPv6(address)
  const octets = new Uint8Array(six ? 28 : 16)
  const view = new DataView(octets.buffer)
  view.setUint16(0, six ? AF_INET6 : AF_INET, true)
  view.setUint16(2, port)
  const bytes = addressBytes(parsed)
  if (six) octets.set(bytes, 8)
  else octets.set(bytes.slice(12), 4)
  return octets
}

/** Spelled as `clientAddress` spells a peer of `node:dgram`. */
export function endpointOf(octets: Uint8Array): Endpoint {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
  const six = view.getUint16(0, true) === AF_INET6
  const address = addressFromBytes(six ? octets.slice(8, 24) : octets.slice(4, 8))
  return { address: address === null ? '' : formatAddress(address), port: view.getUint16(2) }
}
