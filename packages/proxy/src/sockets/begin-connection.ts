import { isIpv4 } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import { writeSocketAddress } from './socket-address.ts'
import {
  AF_INET,
  AF_INET6,
  ECONNRESET,
  EINPROGRESS,
  int32,
  IPPROTO_TCP,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SOL_SOCKET,
  STREAM,
  TCP_NODELAY,
  type SocketCalls,
} from './socket-calls.ts'
import type { SocketLoop } from './socket-loop.ts'

/** Where it failed at once the descriptor is below 0. */
export type Begun = { readonly fd: number; readonly errno: number }

const RESET = int32(1, 0)

/** A connection that is being made. */
export function beginConnection({ calls, one, end }: SocketLoop, to: SocketEnd): Begun {
  const fd = calls.socket(isIpv4(to.address) ? AF_INET : AF_INET6, STREAM, 0)
  if (fd < 0) return { fd, errno: calls.errno() }
  calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one.address, 4)
  calls.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, one.address, 4)
  const errno = calls.connect(fd, end.address, writeSocketAddress(end, to)) < 0 ? calls.errno() : 0
  if (errno === 0 || errno === EINPROGRESS) return { fd, errno: 0 }
  calls.close(fd)
  return { fd: -1, errno }
}

/** Why it could not be made. */
export function connectionError(calls: SocketCalls, fd: number): number {
  const error = int32(0)
  calls.getsockopt(fd, SOL_SOCKET, SO_ERROR, error, int32(4))
  return new DataView(error.buffer).getInt32(0, true) || ECONNRESET
}

/** Its close is to be a reset. */
export function resetOnClose(calls: SocketCalls, fd: number): void {
  calls.setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET, RESET.length)
}
