import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import {
  isMessageFailure,
  requestFraming,
  requestHeadOf,
  type FieldSection,
  type Http2RequestHead,
} from '@sallyport/wire'
import { refusal } from '../answers.ts'
import { ByteReader } from '../client/byte-reader.ts'
import type { Peer } from '../client/client.ts'
import { KeptUpstreams } from '../http/kept-upstreams.ts'
import { PAC_PATHS, PAC_TYPE, pacFor } from '../http/pac-file.ts'
import { serveRequest } from '../http/serve-request.ts'
import { ConnectionLogin } from '../identity/connection-login.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { asNodeStream } from '../sockets/socket-ends.ts'
import { serveConnect } from '../tunnel/serve-connect.ts'
import type { HttpInTunnel, TunnelRoute } from '../tunnel/tunnel-route.ts'
import { Http2Asker, refuseStream } from './http2-asker.ts'
import { resetStream } from './http2-body.ts'
import { http2Bounds } from './http2-limits.ts'

/** Takes what a stream of CONNECT turns out to carry. */
type OnTunnel = (http: HttpInTunnel) => Promise<void>

/** Requests of one connection of HTTP/2 (RFC 9113), at the same time; inside a tunnel when `route` says where it leads. */
export async function serveHttp2(
  core: ProxyCore,
  peer: Peer,
  route: TunnelRoute | null,
  onTunnel: OnTunnel,
): Promise<void> {
  const { limits, timeouts, counters } = core
  const connection = asNodeStream(peer.socket)
  const session = performServerHandshake(connection, {
    ...http2Bounds(limits),
    // A stream that is opened and reset costs its sender nothing (CVE-2023-44487); beyond this the connection ends.
    streamResetBurst: limits.streamResets,
    streamResetRate: limits.streamResets / 4,
  })
  using kept = new KeptUpstreams(core.pool)
  using _open = openSession(core, session)
  let running = 0
  let idle = setTimeout(() => session.close(), timeouts.keepAliveMs)
  session.on('error', () => {
    counters.add('http2Violations')
    session.destroy()
  })
  session.on('stream', (stream, _headers, flags, section) => {
    running++
    clearTimeout(idle)
    stream.on('error', () => {})
    stream.once('aborted', () => counters.add('http2StreamsReset'))
    stream.once('close', () => {
      if (--running === 0) idle = setTimeout(() => session.close(), timeouts.keepAliveMs)
    })
    serveStream(core, peer, stream, section as unknown as FieldSection, flags, route, kept, onTunnel).catch(() => {
      counters.add('defects')
      resetStream(stream)
    })
  })
  let late: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    session.once('close', resolve)
    // Node's session does not end with what its client says where the connection may stay half open.
    connection.once('end', () => {
      session.close()
      late = setTimeout(() => session.destroy(), timeouts.halfOpenMs)
    })
    // A stream that nobody reads keeps a closed session; the connection takes all with it.
    peer.socket.once('close', () => session.destroy())
  })
  clearTimeout(idle)
  clearTimeout(late)
}

function openSession(core: ProxyCore, session: ServerHttp2Session): Disposable {
  core.sessions.add(session)
  if (core.isDraining) session.close()
  return { [Symbol.dispose]: () => void core.sessions.delete(session) }
}

async function serveStream(
  core: ProxyCore,
  connection: Peer,
  stream: ServerHttp2Stream,
  section: FieldSection,
  flags: number,
  route: TunnelRoute | null,
  kept: KeptUpstreams,
  onTunnel: OnTunnel,
): Promise<void> {
  using login = new ConnectionLogin(route === null ? core.endPoint : null)
  const peer: Peer = { ...connection, login }
  const read = requestHeadOf(section)
  const refuseEarly = (reason: 'bad-request' | 'too-many-requests', explain?: string): void => {
    const record = new OpenRecord(peer.endpoint, 'http')
    const no = refusal(reason, explain)
    record.set({ httpVersion: '2.0', status: refuseStream(core, peer, stream, null, no, record.id) })
    record.refused(no)
    core.finish(record)
  }
  if (isMessageFailure(read)) return refuseEarly('bad-request', read.problem)
  const head = route === null ? read : { ...read, target: read.path }
  const declared = requestFraming(head)
  if (isMessageFailure(declared)) return refuseEarly('bad-request', declared.problem)
  if (!core.rates.take(peer.address, performance.now())) return refuseEarly('too-many-requests')
  if (head.method === 'CONNECT' && route === null) return serveConnectStream(core, peer, stream, head, onTunnel)
  if (route === null && head.method === 'GET' && head.scheme === 'https' && PAC_PATHS.includes(head.path)) {
    stream.respond({ ':status': 200, 'content-type': PAC_TYPE })
    return void stream.end(pacFor(core, peer, head))
  }
  if (route !== null && head.method !== 'CONNECT' && head.scheme !== 'https') {
    return refuseEarly('bad-request', 'plain http inside of TLS')
  }
  const isEnd = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
  const framing = isEnd
    ? ({ kind: 'none' } as const)
    : declared.kind === 'none'
      ? ({ kind: 'chunked' } as const)
      : declared
  await serveRequest(core, new Http2Asker(core, peer, stream, head, framing), route, kept)
}

/** A stream is the connection of its tunnel (RFC 9113 §8.5). */
async function serveConnectStream(
  core: ProxyCore,
  peer: Peer,
  stream: ServerHttp2Stream,
  head: Http2RequestHead,
  onTunnel: OnTunnel,
): Promise<void> {
  const http = await serveConnect(core, peer, head, {
    refuse: async (no, record) => {
      record.set({ status: refuseStream(core, peer, stream, head, no, record.id) })
      record.refused(no)
      core.finish(record)
      return 'taken'
    },
    accept: () => {
      const reply = peer.login.takeReply()
      stream.respond({ ':status': 200, ...(reply === null ? {} : { 'proxy-authenticate': reply }) })
      return { ...peer, socket: stream, reader: new ByteReader(stream) }
    },
  })
  if (typeof http !== 'string') await onTunnel(http)
}
