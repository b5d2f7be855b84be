import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { parseAddress } from '@sallyport/net'
import type { SocketEnd } from '../options.ts'
import type { ByteSocket } from './byte-socket.ts'
import { LoopSocket } from './loop-socket.ts'

/** The proxy's own end of a connection. */
export function localEnd(socket: ByteSocket): SocketEnd | null {
  if (socket instanceof LoopSocket) return socket.local
  if (!(socket instanceof Socket)) return null
  const address = parseAddress(socket.localAddress ?? '')
  return address === null ? null : { address, port: socket.localPort ?? 0 }
}

/** The connection for what works on streams of Node alone, as TLS does. */
export function asNodeStream(socket: ByteSocket): Duplex {
  return socket instanceof LoopSocket ? socket.toNode() : (socket as ByteSocket & Duplex)
}

export function asNodeSocket(socket: ByteSocket): Socket {
  return asNodeStream(socket) as Socket
}
