import { openDatagramSocket } from '../fast/open-datagram-socket.ts'
import { socketAddress } from '../fast/socket-address.ts'
import { openSocketCalls } from '../fast/socket-calls.ts'
import type { ListenEndpoint } from '../options.ts'

/** The socket of the endpoint with this index. */
export type SharedSocket = { readonly at: number; readonly fd: number; readonly port: number }

/**
 * Sockets of UDP for processes that answer on them one after the other: what comes while none reads waits in the socket. Held
 * until this process ends. None where the system has no such calls.
 */
export function openSharedSockets(listen: readonly ListenEndpoint[]): readonly SharedSocket[] {
  if (process.platform !== 'linux') return []
  const calls = openSocketCalls()
  return listen.flatMap((endpoint, at) => {
    const { kind = 'udp' } = endpoint
    if (kind !== 'udp' || socketAddress(endpoint) === null) return []
    return [{ at, ...openDatagramSocket(endpoint, calls) }]
  })
}

/** The endpoints with the sockets that are there for them. */
export function onSharedSockets(
  listen: readonly ListenEndpoint[],
  sockets: readonly SharedSocket[],
): readonly ListenEndpoint[] {
  return listen.map((endpoint, index) => {
    const shared = sockets.find(({ at }) => at === index)
    return shared === undefined ? endpoint : { ...endpoint, port: shared.port, fd: shared.fd }
  })
}
