import { parseAddress } from '@sallyport/net'
import type { ListenEndpoint } from '../options.ts'
import { listeningPort, openListening } from '../sockets/loop-listener.ts'
import { openSocketCalls } from '../sockets/socket-calls.ts'

/** A socket that is listened on, for the endpoint with this index. */
export type SharedListener = { readonly at: number; readonly fd: number; readonly port: number }

export type SharedListeners = Disposable & { readonly sockets: readonly SharedListener[] }

/**
 * Sockets that several processes accept from, each by itself: what comes while none does waits in them. None where the system has no such
 * calls, and none for TLS, whose connections are Node's. Throws with the code of errno.
 */
export function openSharedListeners(listen: readonly ListenEndpoint[]): SharedListeners {
  const calls = process.platform === 'linux' ? openSocketCalls() : null
  const sockets: SharedListener[] = []
  const close = (): void => {
    for (const { fd } of sockets.splice(0)) calls!.close(fd)
  }
  try {
    for (const [at, { address: text, port, isTls }] of listen.entries()) {
      const address = parseAddress(text)
      if (calls === null || address === null || isTls === true) continue
      const fd = openListening({ address, port }, calls)
      sockets.push({ at, fd, port: listeningPort(fd, calls) })
    }
  } catch (error) {
    close()
    throw error
  }
  return { sockets, [Symbol.dispose]: close }
}

/** The endpoints with the sockets that are there for them. */
export function onSharedListeners(
  listen: readonly ListenEndpoint[],
  sockets: readonly SharedListener[],
): readonly ListenEndpoint[] {
  return listen.map((endpoint, index) => {
    const shared = sockets.find(({ at }) => at === index)
    return shared === undefined ? endpoint : { ...endpoint, port: shared.port, fd: shared.fd }
  })
}
