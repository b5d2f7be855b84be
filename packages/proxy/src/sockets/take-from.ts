import type { ByteSocket } from './byte-socket.ts'
import { LoopSocket } from './loop-socket.ts'
import type { OctetTaker, Taking } from './octet-taker.ts'

/** Lets octets flow, as listening for them does. */
export function takeFrom(socket: ByteSocket, taker: OctetTaker): Taking {
  if (socket instanceof LoopSocket) return socket.take(taker)
  const onOctets = (octets: Buffer): void => taker.onOctets(octets)
  const onEnd = (): void => taker.onEnd()
  const onClose = (): void => taker.onClose()
  const onDrain = (): void => taker.onDrain()
  const onIdle = (): void => taker.onIdle()
  socket.on('data', onOctets).on('end', onEnd).on('close', onClose).on('drain', onDrain).on('timeout', onIdle)
  return {
    leave: () =>
      void socket
        .off('data', onOctets)
        .off('end', onEnd)
        .off('close', onClose)
        .off('drain', onDrain)
        .off('timeout', onIdle),
  }
}
