import { isIPv6 } from 'node:net'
import type { DatagramEndpoint, Endpoint } from '../options.ts'
import { AF_INET, AF_INET6, socketAddress } from './socket-address.ts'
import type { SocketCalls } from './socket-calls.ts'

/** What comes within a tenth of a second at the highest rates. */
const RECEIVE_BUFFER = 8 << 20
const SOCKET_DATAGRAM = 2 | 0o2000000 | 0o4000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

/** A socket of UDP that never waits, or the one that is given, and its port. Throws with the code of errno. */
export function openDatagramSocket(
  endpoint: DatagramEndpoint,
  calls: SocketCalls,
): { readonly fd: number; readonly port: number } {
  if (endpoint.fd !== undefined) return { fd: endpoint.fd, port: boundPort(endpoint.fd, calls) }
  const address = socketAddress(endpoint)
  if (address === null) throw Object.assign(new Error(`bind EINVAL ${endpoint.address}`), { code: 'EINVAL' })
  const six = isIPv6(endpoint.address)
  const fd = checked('socket', calls.socket(six ? AF_INET6 : AF_INET, SOCKET_DATAGRAM, 0), endpoint, calls)
  try {
    if (six) checked('setsockopt', calls.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, word(1), 4), endpoint, calls)
    // Past net.core.rmem_max, which is 200 KB by default, where this process may.
    const forced = calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, word(RECEIVE_BUFFER), 4)
    if (forced < 0) calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, word(RECEIVE_BUFFER), 4)
    checked('bind', calls.bind(fd, address, address.length), endpoint, calls)
    return { fd, port: boundPort(fd, calls) }
  } catch (error) {
    calls.close(fd)
    throw error
  }
}

const CODES: Readonly<Record<number, string>> = {
  13: 'EACCES',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
}

function checked(call: string, result: number, { address, port }: Endpoint, calls: SocketCalls): number {
  if (result >= 0) return result
  const errno = calls.errno()
  const code = CODES[errno] ?? `errno ${errno}`
  throw Object.assign(new Error(`${call} ${code} ${address}:${port}`), { code, errno: -errno, syscall: call })
}

function boundPort(fd: number, calls: SocketCalls): number {
  const address = new Uint8Array(28)
  calls.getsockname(fd, address, word(address.length))
  return new DataView(address.buffer).getUint16(2)
}

function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}
