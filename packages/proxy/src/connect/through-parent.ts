import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, rootCertificates } from 'node:tls'
import type { Address } from '@sallyport/net'
import { isMessageFailure, parseResponseHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { ByteReader } from '../client/byte-reader.ts'
import { readHead } from '../http/read-head.ts'
import { authorityText, type Destination } from '../http/request-target.ts'
import { askSocksParent } from './ask-socks-parent.ts'
import type { ParentProxy } from './parent-proxy.ts'

const MOST_HEAD_OCTETS = 16_384

/** A connection to the destination by way of the parent; `address` is one that was judged. */
export async function openThroughParent(
  parent: ParentProxy,
  destination: Destination,
  address: Address,
  timeoutMs: number,
): Promise<Socket | Refusal> {
  const at = `the parent proxy ${parent.host}:${parent.port}`
  const socket = startConnection(parent)
  // Until somebody listens for what comes of it.
  socket.on('error', () => socket.destroy())
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    await once(socket, parent.scheme === 'https' ? 'secureConnect' : 'connect', { signal })
  } catch (error) {
    socket.destroy()
    const why = error instanceof Error && !signal.aborted ? `: ${error.message}` : ''
    return refusal(signal.aborted ? 'connect-timeout' : 'connect-failed', `${at}${why}`)
  }
  const reader = new ByteReader(socket)
  const isSocks = parent.scheme === 'socks5' || parent.scheme === 'socks5h'
  const said = isSocks
    ? await askSocksParent(reader, parent, destination, address, timeoutMs)
    : await askHttpParent(reader, parent, destination, timeoutMs)
  if (said !== null) {
    socket.destroy()
    return refusal('parent-refused', `${at} answered: ${said}`)
  }
  const rest = reader.release()
  if (rest.length > 0) socket.unshift(rest)
  return socket
}

function startConnection({ scheme, host, port, ca = null }: ParentProxy): Socket {
  const options = { host, port, allowHalfOpen: true }
  if (scheme !== 'https') return connect({ ...options, noDelay: true, keepAlive: true })
  const name = isIP(host) === 0 ? { servername: host } : {}
  const trust = ca === null ? {} : { ca: [...rootCertificates, ca] }
  return connectTls({ ...options, ...name, ...trust, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }).setNoDelay()
}

/** CONNECT; null when the parent has made the connection, else what it said. */
async function askHttpParent(
  reader: ByteReader,
  { credentials }: ParentProxy,
  destination: Destination,
  timeoutMs: number,
): Promise<string | null> {
  const authority = authorityText(destination, null)
  const pair = credentials === null ? null : `${credentials.user}:${credentials.password}`
  const login = pair === null ? '' : `Proxy-Authorization: Basic ${Buffer.from(pair).toString('base64')}\r\n`
  reader.socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`)
  const read = await readHead(reader, MOST_HEAD_OCTETS, timeoutMs, timeoutMs)
  const head = read.state === 'head' ? parseResponseHead(read.text) : null
  if (head === null || isMessageFailure(head)) return 'no answer of HTTP'
  return head.status >= 200 && head.status < 300 ? null : `${head.status} ${head.reason}`
}
