import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { CompiledPolicy } from '@sallyport/compile'
import { parseAddress } from '@sallyport/net'
import { refusal } from '../answers.ts'
import { clientKey, type ClientKey } from '../client/request-rates.ts'
import { serveClient } from '../client/serve-client.ts'
import type { ProxyCounts } from '../counters.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { Endpoint, ListenEndpoint, ProxyOptions } from '../options.ts'
import { ProxyCore } from '../proxy-core.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import { LoopListener, openListening } from '../sockets/loop-listener.ts'
import { LoopSocket } from '../sockets/loop-socket.ts'

export type Proxy = AsyncDisposable & {
  readonly endpoints: readonly Endpoint[]
  counts(): ProxyCounts
  /** At once for requests; tunnels that the new policy denies are cut. */
  replacePolicy(policy: CompiledPolicy): void
  /** Takes no new connections; resolves when those there are have ended, at the latest after `drainMs`. */
  drain(): Promise<void>
}

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  await using opened = new AsyncDisposableStack()
  const core = opened.use(new ProxyCore(options))
  const open = new OpenConnections(core)
  const listening: Listening[] = []
  opened.defer(() => core.pool.close())
  opened.defer(() => void (core.icap.request?.close(), core.icap.response?.close()))
  opened.defer(() => open.destroyAll())
  for (const endpoint of options.listen) {
    const one = await listen(core, open, endpoint)
    listening.push(one)
    core.own.add({ address: endpoint.address, port: one.port })
    opened.defer(() => one.close())
  }
  const endpoints = listening.map(({ port }, index) => ({ address: options.listen[index]!.address, port }))
  const all = opened.move()
  return {
    endpoints,
    counts: () => core.counters.counts(),
    replacePolicy: (policy) => core.replacePolicy(policy),
    drain: async () => {
      core.isDraining = true
      for (const one of listening) one.close()
      for (const session of core.sessions) session.close()
      for (const { socket, reader } of core.idle) if (reader.held === 0) socket.destroy()
      await open.whenEmpty(core.timeouts.drainMs)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

type Listening = { readonly port: number; readonly close: () => void }

async function listen(core: ProxyCore, open: OpenConnections, endpoint: ListenEndpoint): Promise<Listening> {
  const { address, port, isTls } = endpoint
  const at = parseAddress(address)
  if (core.loop !== null && isTls !== true && at !== null) {
    const fd = endpoint.fd ?? openListening({ address: at, port }, core.loop.calls)
    const listener = new LoopListener(core.loop, fd, (socket) => open.take(socket))
    return { port: listener.port, close: () => listener[Symbol.dispose]() }
  }
  const server = isTls === true ? tlsServer(core, open) : plainServer(open)
  server.listen({ host: address, port, backlog: 4096 })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, keepAlive: true } as const

function plainServer(open: OpenConnections): Server {
  return createServer(SOCKET_OPTIONS, (socket) => open.take(socket))
}

/** A client that must have a certificate and has none is cut after the handshake, and served nothing. */
function tlsServer(core: ProxyCore, open: OpenConnections): Server {
  const { tls } = core.options
  if (!tls) throw new Error('an endpoint for TLS needs a certificate')
  const { cert, key, clientCa } = tls
  const asked = clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  const bounds = { handshakeTimeout: core.timeouts.headMs, minVersion: 'TLSv1.2' } as const
  const server = createTlsServer({
    ...SOCKET_OPTIONS,
    ...bounds,
    cert,
    key,
    ...asked,
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  server.maxConnections = core.limits.connections
  server.on('secureConnection', (socket) => open.take(socket))
  server.on('tlsClientError', (_, socket) => {
    core.counters.add('tlsFailures')
    socket.destroy()
  })
  return server
}

type ClientSocket = Socket | LoopSocket

/** Every connection of a client, counted by where it comes from. */
class OpenConnections {
  readonly #core: ProxyCore
  readonly #sockets = new Set<ClientSocket>()
  readonly #byClient = new Map<ClientKey, number>()
  #whenEmpty: () => void = () => {}

  constructor(core: ProxyCore) {
    this.#core = core
  }

  take(socket: ClientSocket): void {
    const { limits, counters, options } = this.#core
    const address =
      socket instanceof LoopSocket ? (socket.remote?.address ?? null) : parseAddress(socket.remoteAddress ?? '')
    const key = clientKey(address)
    const own = this.#byClient.get(key) ?? 0
    // The clients of a load balancer all come from its address.
    const mostOwn = (options.proxyHeaderFrom ?? null) === null ? limits.connectionsPerClient : limits.connections
    if (this.#sockets.size >= limits.connections || own >= mostOwn) return this.#turnAway(socket)
    this.#sockets.add(socket)
    this.#byClient.set(key, own + 1)
    counters.openConnections++
    ;(socket as ByteSocket).once('close', () => {
      counters.openConnections--
      this.#sockets.delete(socket)
      const left = this.#byClient.get(key)! - 1
      if (left === 0) this.#byClient.delete(key)
      else this.#byClient.set(key, left)
      if (this.#sockets.size === 0) this.#whenEmpty()
    })
    serveClient(this.#core, socket).catch(() => {
      counters.add('defects')
      socket.destroy()
    })
  }

  async whenEmpty(mostMs: number): Promise<void> {
    if (this.#sockets.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#whenEmpty = resolve
    const late = setTimeout(resolve, mostMs)
    await promise
    clearTimeout(late)
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** No answer: writing one would keep the connection that there is no room for. */
  #turnAway(socket: ClientSocket): void {
    const record = new OpenRecord({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }, 'http')
    record.refused(refusal('too-many-connections'))
    this.#core.finish(record)
    ;(socket as ByteSocket).on('error', () => {})
    socket.resetAndDestroy()
  }
}
