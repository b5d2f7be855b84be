import { addressFromBytes, parseAddress, type Address } from '@sallyport/net'
import { latin1, startsWith, u16, u8 } from '../identify/octets.ts'

/** Where a connection came from before a load balancer passed it on; null: the balancer's own (health checks). */
type ProxiedSource = { readonly address: Address; readonly port: number } | null

type ProxyHeader =
  | { readonly state: 'more' }
  | { readonly state: 'bad'; readonly what: string }
  | { readonly state: 'done'; readonly length: number; readonly source: ProxiedSource }

const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const LONGEST_V1 = 107
const LONGEST_V2 = 16 + 2048
const V1 = /^PROXY (?:UNKNOWN(?: [\x20-\x7e]*)?|(TCP4|TCP6) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) (\d{1,5}) (\d{1,5}))$/

const bad = (what: string): ProxyHeader => ({ state: 'bad', what })

/** The PROXY protocol, version 1 or 2, at the start of a connection. It must be there where it is expected. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  const isV2 = startsWith(bytes, V2_SIGNATURE)
  if (isV2 === true) return readV2(bytes)
  const isV1 = startsWith(bytes, 'PROXY ')
  if (isV1 === true) return readV1(bytes)
  return isV1 === null || isV2 === null ? { state: 'more' } : bad('no PROXY header')
}

function readV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.indexOf(10)
  if (end < 0) return bytes.length >= LONGEST_V1 ? bad('line too long') : { state: 'more' }
  if (end >= LONGEST_V1 || u8(bytes, end - 1) !== 13) return bad('line end')
  const match = V1.exec(latin1(bytes, 0, end - 1))
  if (match === null) return bad('line')
  const [, family, source, , port] = match
  if (family === undefined) return { state: 'done', length: end + 1, source: null }
  const address = parseAddress(source!)
  const isFamily = source!.includes(':') === (family === 'TCP6')
  if (address === null || !isFamily || Number(port) > 65535) return bad('address or port')
  return { state: 'done', length: end + 1, source: { address, port: Number(port) } }
}

function readV2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length < 16) return { state: 'more' }
  const [versionCommand, family, size] = [u8(bytes, 12), u8(bytes, 13), u16(bytes, 14)]
  const length = 16 + size
  if (versionCommand >> 4 !== 2 || (versionCommand & 15) > 1) return bad('version or command')
  if (length > LONGEST_V2) return bad('header too long')
  if (bytes.length < length) return { state: 'more' }
  // LOCAL: sent by the balancer itself; whatever addresses it gives do not count.
  if ((versionCommand & 15) === 0) return { state: 'done', length, source: null }
  const octets = family === 0x11 ? 4 : family === 0x21 ? 16 : null
  if (octets === null) return bad('family is not TCP over IP')
  if (size < octets * 2 + 4) return bad('addresses too short')
  const address = addressFromBytes(bytes.subarray(16, 16 + octets))!
  return { state: 'done', length, source: { address, port: u16(bytes, 16 + octets * 2) } }
}
