import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'

/** The client's side of an inspected tunnel: its hello is `held`; null when it does not take the certificate. */
export function acceptTls(
  socket: Socket,
  held: Buffer,
  context: SecureContext,
  timeoutMs: number,
): Promise<TLSSocket | null> {
  // Node reads what the socket still holds before it reads from the network.
  socket.unshift(held)
  const tls = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols: ['http/1.1'] })
  return new Promise((resolve) => {
    const done = (accepted: TLSSocket | null): void => {
      clearTimeout(late)
      tls.off('secure', onSecure).off('error', onFailure).off('close', onFailure)
      tls.on('error', () => tls.destroy())
      if (accepted === null) tls.destroy()
      resolve(accepted)
    }
    const onSecure = (): void => done(tls)
    const onFailure = (): void => done(null)
    const late = setTimeout(onFailure, timeoutMs)
    tls.on('secure', onSecure).on('error', onFailure).on('close', onFailure)
  })
}
