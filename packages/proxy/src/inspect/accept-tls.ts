import type { Duplex } from 'node:stream'
import { TLSSocket, type SecureContext } from 'node:tls'

/** The client's side of an inspected tunnel: its hello is `held`. Refused is what ends within the handshake, with or without an alert. */
export function acceptTls(
  socket: Duplex,
  held: Buffer,
  context: SecureContext,
  timeoutMs: number,
): Promise<TLSSocket | 'refused' | 'late'> {
  // Node reads what the socket still holds before it reads from the network.
  socket.unshift(held)
  const tls = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols: ['h2', 'http/1.1'] })
  return new Promise((resolve) => {
    const done = (accepted: TLSSocket | 'refused' | 'late'): void => {
      clearTimeout(late)
      tls.off('secure', onSecure).off('error', onFailure).off('close', onFailure)
      tls.on('error', () => tls.destroy())
      if (typeof accepted === 'string') tls.destroy()
      resolve(accepted)
    }
    // Node notes the end of a handshake by itself only on sockets of its own servers; HTTP/2 waits for it.
    const onSecure = (): void => done(Object.assign(tls, { secureConnecting: false }))
    const onFailure = (): void => done('refused')
    const late = setTimeout(done, timeoutMs, 'late')
    tls.on('secure', onSecure).on('error', onFailure).on('close', onFailure)
  })
}
