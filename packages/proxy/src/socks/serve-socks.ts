import { parseHost, isHost, type Host } from '@sallyport/net'
import {
  buildSocksReply,
  readSocksGreeting,
  readSocksLogin,
  readSocksRequest,
  SOCKS_METHOD,
  SOCKS_REPLY,
  type SocksDestination,
  type SocksRead,
} from '@sallyport/wire'
import { ANSWERS, refusal, type Refusal } from '../answers.ts'
import { closeGently, resetConnection, type Client } from '../client/client.ts'
import { isRefusal, type Destination } from '../http/request-target.ts'
import { identify } from '../identity/identify-client.ts'
import type { Credentials, Identity } from '../identity/identity.ts'
import { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { localEnd } from '../sockets/socket-ends.ts'
import { openTunnel } from '../tunnel/open-tunnel.ts'
import { runTunnel } from '../tunnel/run-tunnel.ts'
import type { HttpInTunnel } from '../tunnel/tunnel-route.ts'
import { readSocksPart, type SocksPart } from './read-socks-part.ts'

/** SOCKS 5 (RFC 1928) with or without user and password (RFC 1929); CONNECT alone. */
export async function serveSocks(core: ProxyCore, client: Client): Promise<'done' | HttpInTunnel> {
  core.counters.add('requestsSocks')
  const record = new OpenRecord(client.endpoint, 'socks5')
  record.set({ method: 'CONNECT' })
  const deadlineMs = performance.now() + core.timeouts.headMs
  const refuse = (no: Refusal, reply: Uint8Array | null): 'done' => {
    record.refused(no)
    core.finish(record)
    if (no.isSilent || reply === null) resetConnection(client)
    else closeGently(client, reply)
    return 'done'
  }
  const greeting = await readPart(client, readSocksGreeting, deadlineMs)
  if (isRefusal(greeting)) return refuse(greeting, null)
  const identity = await login(core, client, greeting.methods, deadlineMs)
  if (isRefusal(identity)) return refuse(identity, loginReply(core, identity, greeting.methods))
  record.asker(identity)
  const request = await readPart(client, readSocksRequest, deadlineMs)
  if (isRefusal(request)) return refuse(request, buildSocksReply(SOCKS_REPLY.GENERAL_FAILURE, null))
  const destination = destinationOf(request)
  if (isRefusal(destination)) return refuse(destination, buildSocksReply(ANSWERS[destination.reason].socks, null))
  if (!core.rates.take(client.address, performance.now())) {
    return refuse(refusal('too-many-requests'), buildSocksReply(SOCKS_REPLY.NOT_ALLOWED, null))
  }
  const tunnel = await openTunnel(core, client, identity, destination, record)
  if (isRefusal(tunnel)) return refuse(tunnel, buildSocksReply(ANSWERS[tunnel.reason].socks, null))
  client.socket.write(buildSocksReply(SOCKS_REPLY.SUCCEEDED, localEnd(tunnel.socket)))
  return runTunnel(core, client, tunnel, record)
}

/** Chooses the method; user and password where somebody checks them and the client has them. */
async function login(
  core: ProxyCore,
  client: Client,
  methods: readonly number[],
  deadlineMs: number,
): Promise<Identity | Refusal> {
  const takesPasswords = core.options.authenticate?.takesPasswords === true
  if (takesPasswords && methods.includes(SOCKS_METHOD.USER_PASSWORD)) {
    client.socket.write(Uint8Array.from([5, SOCKS_METHOD.USER_PASSWORD]))
    const login = await readPart(client, readSocksLogin, deadlineMs)
    if (isRefusal(login)) return login
    const [user, password] = [login.user, login.password].map((octets) => Buffer.from(octets).toString('utf8'))
    const credentials: Credentials = { kind: 'password', user: user!, password: password! }
    const identity = await identify(core, client, credentials)
    if (!isRefusal(identity)) client.socket.write(Uint8Array.from([1, 0]))
    return identity
  }
  if (!methods.includes(SOCKS_METHOD.NONE))
    return refusal('authentication-required', 'no SOCKS method that is known here')
  const identity = await identify(core, client, { kind: 'none' })
  if (!isRefusal(identity)) client.socket.write(Uint8Array.from([5, SOCKS_METHOD.NONE]))
  return identity
}

/** RFC 1929 §2: any status but zero, once a method was chosen; before that 0xff. */
function loginReply({ options }: ProxyCore, no: Refusal, methods: readonly number[]): Uint8Array | null {
  if (no.reason !== 'authentication-required') return null
  const isChosen = options.authenticate?.takesPasswords === true && methods.includes(SOCKS_METHOD.USER_PASSWORD)
  return Uint8Array.from(isChosen ? [1, 1] : [5, SOCKS_METHOD.NO_ACCEPTABLE])
}

function destinationOf(request: {
  readonly command: number
  readonly destination: SocksDestination | null
  readonly port: number
}): Destination | Refusal {
  const { command, destination, port } = request
  if (command !== 1) return refusal('unsupported-command', `command ${command}`)
  if (destination === null) return refusal('unsupported-address-type')
  if (port === 0) return refusal('bad-host', 'port 0')
  const host: Host | ReturnType<typeof parseHost> =
    destination.kind === 'address' ? destination : parseHost(utf8(destination.octets) ?? '\0')
  return isHost(host) ? { host, port } : refusal('bad-host', `the name of the SOCKS request: ${host.problem}`)
}

function utf8(octets: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    return null
  }
}

async function readPart<T>(
  { reader }: Client,
  parse: (bytes: Uint8Array) => SocksRead<T>,
  deadlineMs: number,
): Promise<SocksPart<T> | Refusal> {
  const read = await readSocksPart(reader, parse, deadlineMs)
  switch (read.state) {
    case 'part':
      return read.part
    case 'timeout':
      return refusal('head-timeout')
    case 'end':
      return refusal('bad-request', 'the client ended within its SOCKS request')
    case 'bad':
      return refusal('bad-request', `SOCKS: ${read.what}`)
  }
}
