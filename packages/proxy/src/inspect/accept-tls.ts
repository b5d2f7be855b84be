import type { Duplex } from 'node:stream'
import { TLSSocket, type SecureContext } from 'node:tls'

/** The client's side of an inspected tunnel: its hello is `held`; null when it does not take the certificate. */
export function acceptTls(
  socket: Duplex,
  held: Buffer,
  context: SecureContext,
  timeoutMs: number,
): Promise<TLSSocket | null> {
  // Node reads what the socket still holds before it reads from the network.
  socket.unshift(held)
  const tls = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols: ['h2', 'http/1.1'] })
  return new Promise((resolve) => {
    const done = (accepted: TLSSocket | null): void => {
      clearTimeout(late)
      tls.off('secure', onSecure).off('error', onFailure).off('close', onFailure)
      tls.on('error', () => tls.destroy())
      if (accepted === null) tls.destroy()
      resolve(accepted)
    }
    // Node notes the end of a handshake by itself only on sockets of its own servers; HTTP/2 waits for it.
    const onSecure = (): void => done(Object.assign(tls, { secureConnecting: false }))
    const onFailure = (): void => done(null)
    const late = setTimeout(onFailure, timeoutMs)
    tls.on('secure', onSecure).on('error', onFailure).on('close', onFailure)
  })
}
