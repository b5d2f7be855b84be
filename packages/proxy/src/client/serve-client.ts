import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { formatAddress, parseAddress, type Address } from '@sallyport/net'
import { readProxyHeader } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { KeptUpstreams } from '../http/kept-upstreams.ts'
import { serveHttp } from '../http/http-session.ts'
import { serveHttp2 } from '../http2/serve-http2.ts'
import { refuseRequest } from '../http/refuse-request.ts'
import { isRefusal } from '../http/request-target.ts'
import { certificateIdentity } from '../identity/certificate-identity.ts'
import { ConnectionLogin } from '../identity/connection-login.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { Endpoint } from '../options.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import { LoopSocket } from '../sockets/loop-socket.ts'
import { localEnd } from '../sockets/socket-ends.ts'
import { serveSocks } from '../socks/serve-socks.ts'
import { ByteReader } from './byte-reader.ts'
import type { Client, Peer } from './client.ts'
import { serveTunnelled } from './serve-tunnelled.ts'

/** One connection, from its first octet to its end: the protocol is told from that octet, on any port. */
export async function serveClient(core: ProxyCore, socket: Socket | LoopSocket): Promise<void> {
  ;(socket as ByteSocket).on('error', () => socket.destroy())
  const endpoint: Endpoint = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  const address = socket instanceof LoopSocket ? (socket.remote?.address ?? null) : parseAddress(endpoint.address)
  using login = new ConnectionLogin()
  const process = processBehind(core, socket, address)
  const peer: Peer = { socket, endpoint, address, process, login, ...tlsFacts(socket) }
  if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') {
    core.counters.add('connectionsHttp2')
    return serveHttp2(core, peer, null, (http) => serveTunnelled(core, http))
  }
  const reader = new ByteReader(socket)
  const silent: Client = { ...peer, reader }
  core.idle.add(silent)
  const client = await sourceOf(core, silent)
  if (isRefusal(client)) {
    core.idle.delete(silent)
    const record = new OpenRecord(endpoint, 'http')
    record.refused(client)
    core.finish(record)
    return void socket.destroy()
  }
  const first = await reader.read(core.isDraining ? 1 : core.timeouts.keepAliveMs)
  core.idle.delete(silent)
  if (typeof first === 'string') return void socket.destroy()
  reader.unread(first)
  switch (first[0]) {
    case 5: {
      core.counters.add('connectionsSocks')
      const after = await serveSocks(core, client)
      return after === 'done' ? undefined : serveTunnelled(core, after)
    }
    case 4: {
      // SOCKS 4: request rejected; a client that knows 5 as well tries that.
      const record = new OpenRecord(endpoint, 'socks5')
      record.refused(refusal('unsupported-command', 'SOCKS 4 is not spoken here'))
      core.finish(record)
      return void socket.end(Uint8Array.from([0, 0x5b, 0, 0, 0, 0, 0, 0]))
    }
    case 22: {
      const record = new OpenRecord(endpoint, 'http')
      await refuseRequest(
        core,
        client,
        null,
        record,
        refusal('bad-request', 'TLS to a port that speaks plain HTTP'),
        false,
      )
      return
    }
    default: {
      core.counters.add('connectionsHttp')
      using kept = new KeptUpstreams(core.pool)
      const after = await serveHttp(core, client, null, kept)
      if (after !== null) await serveTunnelled(core, after)
    }
  }
}

/** Begins at once: the client waits for its answer, so its socket is still there. */
function processBehind({ options }: ProxyCore, socket: Socket | LoopSocket, client: Address | null): Peer['process'] {
  const processOf = options.processOf ?? null
  // Behind a load balancer it would be the balancer's.
  if (processOf === null || (options.proxyHeaderFrom ?? null) !== null) return null
  const own = localEnd(socket)
  if (client === null || own === null) return Promise.resolve({})
  return processOf({ address: client, port: socket.remotePort ?? 0 }, own)
}

function tlsFacts(socket: Socket | LoopSocket): Pick<Peer, 'identity' | 'isTls'> {
  if (!(socket instanceof TLSSocket)) return { identity: null, isTls: false }
  return { identity: socket.authorized ? certificateIdentity(socket.getPeerCertificate()) : null, isTls: true }
}

/** Where the client is: the peer, or what the PROXY header of a load balancer says. */
async function sourceOf(core: ProxyCore, client: Client): Promise<Client | Refusal> {
  const isBalancer = core.options.proxyHeaderFrom ?? null
  if (isBalancer === null) return client
  if (client.address === null || !isBalancer(client.address))
    return refusal('bad-request', 'no load balancer of this proxy')
  const deadlineMs = Date.now() + core.timeouts.headMs
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const piece = await client.reader.read(Math.max(0, deadlineMs - Date.now()))
    if (typeof piece === 'string') return refusal('head-timeout', 'no PROXY header')
    bytes = Buffer.concat([bytes, piece])
    const read = readProxyHeader(bytes)
    if (read.state === 'bad') return refusal('bad-request', `PROXY header: ${read.what}`)
    if (read.state === 'more') continue
    client.reader.unread(bytes.subarray(read.length))
    return read.source === null ? client : withSource(client, read.source)
  }
}

function withSource(client: Client, source: { readonly address: Address; readonly port: number }): Client {
  return { ...client, address: source.address, endpoint: { address: formatAddress(source.address), port: source.port } }
}
