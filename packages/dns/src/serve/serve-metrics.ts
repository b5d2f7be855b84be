import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SallyportError } from '@sallyport/policy'
import type { Endpoint } from '../options.ts'

type MetricsServer = AsyncDisposable & { readonly endpoint: Endpoint }

/** `GET /metrics` for Prometheus and `GET /healthz`; nothing else. `text` may take the time of asking other processes. */
export async function serveMetrics(listen: Endpoint, text: () => string | Promise<string>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?', 1)
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    if (path === '/healthz') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
    if (path !== '/metrics') return void response.writeHead(404).end()
    Promise.try(text).then(
      (body) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  server.maxConnections = 32
  server.requestTimeout = 10_000
  server.listen(listen.port, listen.address)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const { address, port } = listen
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new SallyportError('usage', `metrics cannot be served on ${address}, port ${port}: ${code}`, {
      cause,
      remedy: 'Choose another address or port with --metrics.',
    })
  }
  return {
    endpoint: { address: listen.address, port: (server.address() as AddressInfo).port },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
