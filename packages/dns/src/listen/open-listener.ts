import type { Certificate, Endpoint, ListenEndpoint } from '../options.ts'
import type { ListenDatagrams } from './choose-udp.ts'
import { listenHttps } from './listen-https.ts'
import { listenPair } from './listen-pair.ts'
import { listenTcp, listenTls, type Listener } from './listen-tcp.ts'
import type { StreamService } from './stream-service.ts'

export type OpenListener = AsyncDisposable & {
  readonly endpoint: ListenEndpoint
  readonly renew: (certificate: Certificate) => void
}

/** One of the listeners that the options name, by its kind. Rejects with a `TypeError` when it lacks a certificate. */
export async function openListener(
  { kind = 'udp', address, port, path, fd }: ListenEndpoint,
  certificate: Certificate | null,
  service: StreamService,
  listenDatagrams: ListenDatagrams,
): Promise<OpenListener> {
  const endpoint: Endpoint = { address, port }
  if (kind === 'udp') {
    const datagrams = fd === undefined ? endpoint : { ...endpoint, fd }
    const pair = await listenPair(datagrams, service, listenDatagrams)
    return { ...pair, renew: () => {} }
  }
  if (kind === 'tcp') return opened(await listenTcp(endpoint, service), { kind, address })
  if (certificate === null) throw new TypeError(`a listener for ${kind} needs a certificate`)
  if (kind === 'tls') {
    return opened(await listenTls(endpoint, certificate, service), { kind, address })
  }
  const at = path ?? '/dns-query'
  const listener = await listenHttps(endpoint, at, certificate, service)
  return opened(listener, { kind, address, path: at })
}

function opened(listener: Listener, rest: Omit<ListenEndpoint, 'port'>): OpenListener {
  return {
    endpoint: { ...rest, port: listener.port },
    renew: listener.renew,
    [Symbol.asyncDispose]: () => listener.close(),
  }
}
