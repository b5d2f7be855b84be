import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { formatAddress, parseAddress, type Address } from '@sallyport/net'
import { readProxyHeader } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { serveHttp } from '../http/http-session.ts'
import { serveHttp2 } from '../http2/serve-http2.ts'
import { refuseRequest } from '../http/refuse-request.ts'
import { isRefusal } from '../http/request-target.ts'
import { certificateIdentity } from '../identity/certificate-identity.ts'
import { ConnectionLogin } from '../identity/connection-login.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { Endpoint } from '../options.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { LoopSocket } from '../sockets/loop-socket.ts'
import { localEnd } from '../sockets/socket-ends.ts'
import type { HttpInTunnel } from '../tunnel/tunnel-route.ts'
import { serveSocks } from '../socks/serve-socks.ts'
import { ByteReader } from './byte-reader.ts'
import type { Client, Peer } from './client.ts'
import { serveTunnelled } from './serve-tunnelled.ts'

/** One connection, from its first octet to its end: the protocol is told from that octet, on any port. */
export async function serveClient(core: ProxyCore, socket: Socket | LoopSocket): Promise<void> {
  // A connection of the loop fails by closing.
  if (!(socket instanceof LoopSocket)) socket.on('error', () => socket.destroy())
  const endpoint: Endpoint = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  const address = socket instanceof LoopSocket ? (socket.remote?.address ?? null) : parseAddress(endpoint.address)
  const login = new ConnectionLogin(socket instanceof TLSSocket ? core.endPoint : null)
  const process = processBehind(core, socket, address)
  const { identity, isTls } = tlsFacts(socket)
  const peer: Peer = { socket, endpoint, address, process, login, identity, isTls }
  // Not by `using`, which V8 does in slow ways: microseconds of each connection.
  try {
    await (isHttp2(socket) ? serveHttp2Client(core, peer) : serveOctets(core, peer))
  } finally {
    login[Symbol.dispose]()
  }
}

function isHttp2(socket: Socket | LoopSocket): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === 'h2'
}

function serveHttp2Client(core: ProxyCore, peer: Peer): Promise<void> {
  core.counters.add('connectionsHttp2')
  return serveHttp2(core, peer, null, (http) => serveTunnelled(core, http))
}

async function serveOctets(core: ProxyCore, peer: Peer): Promise<void> {
  const { socket, endpoint, address, process, login, identity, isTls } = peer
  const reader = new ByteReader(socket)
  const silent: Client = { socket, endpoint, address, process, login, identity, isTls, reader }
  core.idle.add(silent)
  const isBalancer = core.options.proxyHeaderFrom ?? null
  const client = isBalancer === null ? silent : await sourceOf(core, silent, isBalancer)
  if (isRefusal(client)) {
    core.idle.delete(silent)
    const record = new OpenRecord(endpoint, 'http')
    record.refused(client)
    core.finish(record)
    return void socket.destroy()
  }
  const first = reader.readNow() ?? (await reader.read(core.isDraining ? 1 : core.timeouts.keepAliveMs))
  // Requests of HTTP are waited for just so.
  if (typeof first === 'string' || !isHttp(first)) core.idle.delete(silent)
  if (typeof first === 'string') return void socket.destroy()
  reader.unread(first)
  const after = await serveProtocol(core, client, first[0]!)
  if (after !== 'done') await serveTunnelled(core, after)
}

const [SOCKS_4, SOCKS_5, TLS_HANDSHAKE] = [4, 5, 22]
const OTHERS: readonly number[] = [SOCKS_4, SOCKS_5, TLS_HANDSHAKE]
const isHttp = (octets: Buffer): boolean => !OTHERS.includes(octets[0]!)

/** Gives the tunnel in which HTTP is to be read from now on, where there is one. */
function serveProtocol(core: ProxyCore, client: Client, octet: number): Promise<'done' | HttpInTunnel> {
  switch (octet) {
    case SOCKS_5:
      core.counters.add('connectionsSocks')
      return serveSocks(core, client)
    case SOCKS_4:
      return refuseSocks4(core, client)
    case TLS_HANDSHAKE:
      return refuseTls(core, client)
    default:
      core.counters.add('connectionsHttp')
      return serveHttp(core, client, null, null)
  }
}

/** Request rejected; a client that knows 5 as well tries that. */
async function refuseSocks4(core: ProxyCore, { socket, endpoint }: Client): Promise<'done'> {
  const record = new OpenRecord(endpoint, 'socks5')
  record.refused(refusal('unsupported-command', 'SOCKS 4 is not spoken here'))
  core.finish(record)
  socket.end(Uint8Array.from([0, 0x5b, 0, 0, 0, 0, 0, 0]))
  return 'done'
}

async function refuseTls(core: ProxyCore, client: Client): Promise<'done'> {
  const no = refusal('bad-request', 'TLS to a port that speaks plain HTTP')
  await refuseRequest(core, client, null, new OpenRecord(client.endpoint, 'http'), no, false)
  return 'done'
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
async function sourceOf(
  core: ProxyCore,
  client: Client,
  isBalancer: (peer: Address) => boolean,
): Promise<Client | Refusal> {
  if (client.address === null || !isBalancer(client.address))
    return refusal('bad-request', 'no load balancer of this proxy')
  const deadlineMs = performance.now() + core.timeouts.headMs
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const piece = await client.reader.read(Math.max(0, deadlineMs - performance.now()))
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
