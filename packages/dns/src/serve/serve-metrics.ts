import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '../options.ts'

export type MetricsServer = AsyncDisposable & { readonly endpoint: Endpoint }

/** `GET /metrics` for Prometheus and `GET /healthz`; nothing else. */
export async function serveMetrics(listen: Endpoint, text: () => string): Promise<MetricsServer> {
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://metrics')
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    if (pathname === '/healthz') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
    if (pathname !== '/metrics') return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text())
  })
  server.maxConnections = 32
  server.requestTimeout = 10_000
  server.listen(listen.port, listen.address)
  await once(server, 'listening')
  return {
    endpoint: { address: listen.address, port: (server.address() as AddressInfo).port },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
