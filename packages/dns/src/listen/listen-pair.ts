import { listenTcp } from './listen-tcp.ts'
import type { ListenDatagrams } from './choose-udp.ts'
import type { DatagramEndpoint, Endpoint } from '../options.ts'
import type { StreamService } from './stream-service.ts'

/** A port that is free for UDP may be taken for TCP; then another one is tried. */
const TRIES = 10

/** UDP and TCP on one port. */
export async function listenPair(
  endpoint: DatagramEndpoint,
  service: StreamService,
  listenDatagrams: ListenDatagrams,
): Promise<AsyncDisposable & { readonly endpoint: Endpoint }> {
  for (let attempt = 1; ; attempt++) {
    const udp = await listenDatagrams(endpoint)
    const bound = { address: endpoint.address, port: udp.port }
    try {
      const tcp = await listenTcp(bound, service)
      return {
        endpoint: bound,
        [Symbol.asyncDispose]: async () => {
          await Promise.all([udp.close(), tcp.close()])
        },
      }
    } catch (error) {
      await udp.close()
      if (endpoint.port !== 0 || endpoint.fd !== undefined || attempt === TRIES) throw error
    }
  }
}
