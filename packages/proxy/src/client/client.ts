import { constants, type ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Address } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import type { ConnectionLogin } from '../identity/connection-login.ts'
import { ANONYMOUS, type ClientProcess, type Identity } from '../identity/identity.ts'
import type { Endpoint } from '../options.ts'
import type { ByteSocket } from '../sockets/byte-socket.ts'
import { LoopSocket } from '../sockets/loop-socket.ts'
import type { ByteReader } from './byte-reader.ts'

/** Who is at the other end. */
export type Peer = {
  readonly socket: ByteSocket
  readonly endpoint: Endpoint
  readonly address: Address | null
  /** By its certificate. */
  readonly identity: Identity | null
  /** Of a client of this host, where that is looked for. */
  readonly process: Promise<ClientProcess> | null
  readonly login: ConnectionLogin
  readonly isTls: boolean
}

/** One connection of a client, octet by octet. */
export type Client = Peer & { readonly reader: ByteReader }

/** What is known of a flow of the client, beside its destination; what a proxy can never know of it is known to be none. */
export function clientFacts(client: Peer, identity: Identity = ANONYMOUS): Flow {
  return {
    time: Date.now(),
    device: null,
    tags: identity.tags,
    container: null,
    posture: null,
    src: client.address,
    transport: 'tcp',
    ...subjectFacts(identity),
  }
}

function subjectFacts({ user, groups, process }: Identity): ClientProcess {
  if (process === undefined) return { user, groups, app: null, appSha256: null, unit: null }
  // Without credentials it is the process's user; where that is not known either, rules for users are uncertain.
  return user === null && groups === null ? process : { ...process, user, groups }
}

/** Sends the last octets and lets them arrive: a reset for what the client still sends would take them away. */
export function closeGently(client: Client, last: string | Uint8Array = ''): void {
  const { socket, reader } = client
  if (socket.destroyed) return
  reader.release()
  socket.end(last, 'latin1')
  socket.on('data', () => {})
  socket.once('end', () => endSoon(socket))
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

/** Ends without an answer. Over TLS there is no reset. */
export function resetConnection({ socket }: Peer): void {
  const isPlain = socket instanceof Socket && !(socket instanceof TLSSocket)
  if (isPlain || socket instanceof LoopSocket) socket.resetAndDestroy()
  else socket.destroy(isStream(socket) ? new Error('reset') : undefined)
}

/** Ends when all that was written has left. */
export function endSoon(socket: ByteSocket): void {
  if (isStream(socket)) socket.close(constants.NGHTTP2_NO_ERROR)
  else if (socket instanceof Socket || socket instanceof LoopSocket) socket.destroySoon()
}

function isStream(socket: ByteSocket): socket is ByteSocket & ServerHttp2Stream {
  return 'rstCode' in socket
}

const LINGER_MS = 2000
