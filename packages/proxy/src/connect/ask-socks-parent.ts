import type { Address } from '@sallyport/net'
import {
  buildSocksConnect,
  buildSocksGreeting,
  buildSocksLogin,
  readSocksChoice,
  readSocksReply,
  SOCKS_METHOD,
  type SocksDestination,
  type SocksRead,
} from '@sallyport/wire'
import type { ByteReader } from '../client/byte-reader.ts'
import type { Destination } from '../http/request-target.ts'
import { readSocksPart, type SocksPart } from '../socks/read-socks-part.ts'
import type { ParentProxy } from './parent-proxy.ts'

/** SOCKS 5 (RFC 1928, 1929); null when the parent has made the connection, else what it said. */
export async function askSocksParent(
  reader: ByteReader,
  { scheme, credentials }: ParentProxy,
  { host, port }: Destination,
  address: Address,
  timeoutMs: number,
): Promise<string | null> {
  const { socket } = reader
  const deadlineMs = performance.now() + timeoutMs
  socket.write(buildSocksGreeting(credentials !== null))
  const method = await readPart(reader, (bytes) => readSocksChoice(bytes, 5), deadlineMs)
  if (method === null) return 'no answer of SOCKS 5'
  if (method.choice === SOCKS_METHOD.USER_PASSWORD && credentials !== null) {
    const [user, password] = [Buffer.from(credentials.user), Buffer.from(credentials.password)]
    socket.write(buildSocksLogin(user, password))
    const login = await readPart(reader, (bytes) => readSocksChoice(bytes, 1), deadlineMs)
    if (login?.choice !== 0) return 'the login does not hold'
  } else if (method.choice !== SOCKS_METHOD.NONE) return 'no method of login that is known here'
  const destination: SocksDestination =
    scheme === 'socks5h' && host.kind === 'name'
      ? { kind: 'name', octets: Buffer.from(host.name) }
      : { kind: 'address', address }
  socket.write(buildSocksConnect(destination, port))
  const answer = await readPart(reader, readSocksReply, deadlineMs)
  if (answer === null) return 'no answer of SOCKS 5'
  return answer.reply === 0 ? null : `reply ${answer.reply}`
}

async function readPart<T>(
  reader: ByteReader,
  parse: (bytes: Uint8Array) => SocksRead<T>,
  deadlineMs: number,
): Promise<SocksPart<T> | null> {
  const read = await readSocksPart(reader, parse, deadlineMs)
  return read.state === 'part' ? read.part : null
}
