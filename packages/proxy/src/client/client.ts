import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Address } from '@sallyport/net'
import type { Flow } from '@sallyport/policy'
import { ANONYMOUS, type Identity } from '../identity/identity.ts'
import type { Endpoint } from '../options.ts'
import type { ByteReader } from './byte-reader.ts'

/** One connection of a client. */
export type Client = {
  readonly socket: Socket
  readonly reader: ByteReader
  readonly endpoint: Endpoint
  readonly address: Address | null
  /** By its certificate. */
  readonly identity: Identity | null
  readonly isTls: boolean
}

/** What is known of a flow of the client, beside its destination; what a proxy can never know of it is known to be none. */
export function clientFacts(client: Client, identity: Identity = ANONYMOUS): Flow {
  return {
    time: Date.now(),
    device: null,
    tags: identity.tags,
    user: identity.user,
    groups: identity.groups,
    app: null,
    appSha256: null,
    unit: null,
    container: null,
    posture: null,
    src: client.address,
    transport: 'tcp',
  }
}

/** Sends the last octets and lets them arrive: a reset for what the client still sends would take them away. */
export function closeGently(client: Client, last: string | Uint8Array = ''): void {
  const { socket, reader } = client
  if (socket.destroyed) return
  reader.release()
  socket.end(last, 'latin1')
  socket.on('data', () => {})
  socket.once('end', () => socket.destroySoon())
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

/** Ends without an answer. Over TLS there is no reset. */
export function resetConnection({ socket }: Client): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}

const LINGER_MS = 2000
