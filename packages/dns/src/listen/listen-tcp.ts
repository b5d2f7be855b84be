import { once } from 'node:events'
import { createServer, isIPv6, type AddressInfo, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Certificate, Endpoint } from '../options.ts'
import { serveStream } from './serve-stream.ts'
import type { StreamService } from './stream-service.ts'

/** `renew` takes another certificate for connections to come; without one nothing happens. */
export type Listener = {
  readonly port: number
  readonly close: () => Promise<void>
  readonly renew: (certificate: Certificate) => void
}

export async function listenTcp(endpoint: Endpoint, service: StreamService): Promise<Listener> {
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => serveStream(socket, 'tcp', service))
  return { ...(await listening(server, endpoint, service)), renew: () => {} }
}

/** DNS over TLS (RFC 7858). */
export async function listenTls(
  endpoint: Endpoint,
  certificate: Certificate,
  service: StreamService,
): Promise<Listener> {
  const server = createTlsServer(
    {
      ...certificate,
      minVersion: 'TLSv1.2',
      ALPNCallback: ({ protocols }) => (protocols.includes('dot') ? 'dot' : undefined),
      handshakeTimeout: service.timeouts.tcpIdleMs,
    },
    (socket) => serveStream(socket.setNoDelay(true), 'tls', service),
  )
  server.on('tlsClientError', () => service.counters.add('tlsHandshakeFailures'))
  return {
    ...(await listening(server, endpoint, service)),
    renew: (renewed) => server.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' }),
  }
}

/** Listens, keeps count of connections, and cuts them all on closing. */
export async function listening(
  server: Server,
  { address, port }: Endpoint,
  { limits, counters }: StreamService,
): Promise<Omit<Listener, 'renew'>> {
  const clients = new Set<{ destroy(): unknown }>()
  server.maxConnections = limits.tcpClients
  server.on('drop', () => counters.add('tcpClientsDropped'))
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy())
    clients.add(socket)
    socket.on('close', () => clients.delete(socket))
  })
  server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const client of clients) client.destroy()
      }),
  }
}
