import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { isWireFailure, parseMessage } from '@sallyport/wire'
import type { Certificate, Endpoint } from '../options.ts'
import { clientAddress } from './client-address.ts'
import { listening, type Listener } from './listen-tcp.ts'
import type { StreamService } from './stream-service.ts'

const MEDIA_TYPE = 'application/dns-message'

/** DNS over HTTPS (RFC 8484) over HTTP/2 and HTTP/1.1; `path` is the only one that there is. */
export async function listenHttps(
  endpoint: Endpoint,
  path: string,
  certificate: Certificate,
  service: StreamService,
): Promise<Listener> {
  const { desk, limits, timeouts, counters } = service
  const server = createSecureServer({
    ...certificate,
    minVersion: 'TLSv1.2',
    allowHTTP1: true,
    handshakeTimeout: timeouts.tcpIdleMs,
    settings: { maxConcurrentStreams: limits.queriesPerTcpClient, enablePush: false },
    maxSessionMemory: 1,
  })
  server.on('tlsClientError', () => counters.add('tlsHandshakeFailures'))
  server.on('sessionError', () => counters.add('httpErrors'))
  server.setTimeout(timeouts.tcpIdleMs)
  server.on('timeout', (session: { destroy(): void }) => {
    counters.add('tcpClientsIdle')
    session.destroy()
  })
  server.on('request', (request, response) => {
    const failed = (status: number, reason: string): void => {
      counters.add('httpErrors')
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
    }
    void readQuery(request, path, limits.queryBytes).then(async (query) => {
      if (!(query instanceof Uint8Array)) return failed(query.status, query.reason)
      const client = {
        address: clientAddress(request.socket.remoteAddress ?? ''),
        port: request.socket.remotePort ?? 0,
      }
      const answer = await desk.take(query, client, 'https')
      if (answer === null) return failed(400, 'this is no query that is answered')
      send(response, answer)
    })
  })
  return {
    ...(await listening(server, endpoint, service)),
    renew: (renewed) => server.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' }),
  }
}

type Refused = { readonly status: number; readonly reason: string }

async function readQuery(request: Http2ServerRequest, path: string, limit: number): Promise<Uint8Array | Refused> {
  const [asked, search = ''] = request.url.split('?', 2)
  if (asked !== path) return { status: 404, reason: `the queries are answered at ${path}` }
  if (request.method === 'GET') {
    const text = new URLSearchParams(search).get('dns')
    if (text === null || !/^[\w-]+={0,2}$/.test(text)) return { status: 400, reason: 'dns= is not base64url' }
    const bytes = Buffer.from(text, 'base64url')
    return bytes.length > limit ? { status: 414, reason: `a query has ${limit} octets at most` } : bytes
  }
  if (request.method !== 'POST') return { status: 405, reason: 'only GET and POST' }
  const type = String(request.headers['content-type'] ?? '').split(';')[0]
  if (type !== MEDIA_TYPE) return { status: 415, reason: `only ${MEDIA_TYPE}` }
  return await readBody(request, limit)
}

function readBody(request: Http2ServerRequest, limit: number): Promise<Uint8Array | Refused> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      chunks.length = 0
      resolve({ status: 413, reason: `a query has ${limit} octets at most` })
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    for (const event of ['error', 'aborted', 'close'])
      request.on(event, () => resolve({ status: 400, reason: 'cut off' }))
  })
}

function send(response: Http2ServerResponse, answer: Uint8Array): void {
  if (response.writableEnded || response.destroyed) return
  response.writeHead(200, {
    'content-type': MEDIA_TYPE,
    'content-length': answer.length,
    'cache-control': `max-age=${freshSeconds(answer)}`,
  })
  response.end(answer)
}

/** RFC 8484 §5.1: no longer than the record that ends first. */
function freshSeconds(answer: Uint8Array): number {
  const message = parseMessage(answer)
  if (isWireFailure(message)) return 0
  const ttls = [...message.answers, ...message.authorities].map(({ ttl }) => ttl)
  return ttls.length === 0 ? 0 : Math.min(...ttls)
}
