import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { ByteSocket } from '../../sockets/byte-socket.ts'
import { LoopSocket } from '../../sockets/loop-socket.ts'

type Handle = { readonly fd: number; reading: boolean; readStop(): void; readStart(): void }

/**
 * Descriptors of both sides, where both are plain sockets, and nothing of theirs is here and nothing to write to them; null where they
 * are not. Whoever gets them must not resume the sockets.
 */
export async function quietPair(client: ByteSocket, server: ByteSocket): Promise<readonly [number, number] | null> {
  const [one, two] = [fdOf(client), fdOf(server)]
  if (one === null || two === null) return null
  const sockets = [client, server]
  client.pause()
  server.pause()
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const socket of sockets) setReading(socket, false)
    await Promise.all(sockets.map(flushed))
    // What was to be resumed before is resumed in between, and begins to read again.
    await setImmediate()
    for (const socket of sockets) setReading(socket, false)
    if (sockets.some((socket) => socket.destroyed || socket.readableEnded || socket.writableEnded)) return null
    if (sockets.every((socket) => socket.readableLength === 0 && socket.writableLength === 0)) {
      for (const socket of sockets) if (socket instanceof LoopSocket) socket.leaveLoop()
      return [one, two]
    }
    // Whoever listens to what is read passes it on.
    for (const socket of sockets) if (socket instanceof Socket && socket.readableLength > 0) socket.read()
  }
  return null
}

const MOST_ROUNDS = 10

/** They are read here again. */
export function resumeReading(...sockets: readonly ByteSocket[]): void {
  for (const socket of sockets) {
    if (socket instanceof LoopSocket) socket.joinLoop()
    else if (!socket.destroyed) setReading(socket, true)
    socket.resume()
  }
}

/** TLS and streams of HTTP/2 have octets of their own to make. */
export function isPlainSocket(socket: ByteSocket): boolean {
  return fdOf(socket) !== null
}

function fdOf(socket: ByteSocket): number | null {
  if (socket instanceof LoopSocket) return socket.destroyed ? null : socket.fd
  return handleOf(socket)?.fd ?? null
}

function handleOf(socket: ByteSocket): Handle | null {
  if (!(socket instanceof Socket) || socket instanceof TLSSocket) return null
  const handle = (socket as unknown as { readonly _handle: Handle | null })._handle
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle : null
}

/** Pausing a stream of Node alone leaves the kernel being read until a buffer is full. */
function setReading(socket: ByteSocket, isReading: boolean): void {
  const handle = handleOf(socket)
  if (handle === null || handle.reading === isReading) return
  handle.reading = isReading
  if (isReading) handle.readStart()
  else handle.readStop()
}

function flushed(socket: ByteSocket): Promise<void> {
  if (socket.writableLength === 0 || socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('close', resolve)
    if (socket instanceof Socket) socket.write('', () => resolve())
    else if (socket instanceof LoopSocket) socket.whenSent(resolve)
  })
}
