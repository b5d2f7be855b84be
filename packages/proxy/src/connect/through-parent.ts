import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { matchDomain, type DomainPattern, type Host } from '@sallyport/net'
import { isMessageFailure, parseResponseHead } from '@sallyport/wire'
import { refusal, type Refusal } from '../answers.ts'
import { ByteReader } from '../client/byte-reader.ts'
import { readHead } from '../http/read-head.ts'

/** Another proxy that connections go through. */
export type ParentProxy = {
  /** `null`: all hosts that no other parent is for. */
  readonly domain: DomainPattern | null
  readonly host: string
  readonly port: number
  /** `user:password`, or `null`. */
  readonly credentials: string | null
}

const MOST_HEAD_OCTETS = 16_384

/** The first parent whose domain the host is in, else one for all. */
export function parentFor(parents: readonly ParentProxy[], host: Host): ParentProxy | null {
  const named = parents.find(({ domain }) => domain !== null && host.kind === 'name' && matchDomain(domain, host.name))
  return named ?? parents.find(({ domain }) => domain === null) ?? null
}

/** A connection to the authority by CONNECT at the parent. */
export async function openThroughParent(
  parent: ParentProxy,
  authority: string,
  timeoutMs: number,
): Promise<Socket | Refusal> {
  const { host, port, credentials } = parent
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true })
  socket.on('error', () => socket.destroy())
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    await once(socket, 'connect', { signal })
  } catch {
    socket.destroy()
    return refusal(signal.aborted ? 'connect-timeout' : 'connect-failed', `the parent proxy ${host}:${port}`)
  }
  const reader = new ByteReader(socket)
  const login =
    credentials === null ? '' : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`)
  const read = await readHead(reader, MOST_HEAD_OCTETS, timeoutMs, timeoutMs)
  const head = read.state === 'head' ? parseResponseHead(read.text) : null
  if (head !== null && !isMessageFailure(head) && head.status >= 200 && head.status < 300) {
    const rest = reader.release()
    if (rest.length > 0) socket.unshift(rest)
    return socket
  }
  socket.destroy()
  const said = head === null || isMessageFailure(head) ? 'no answer of HTTP' : `${head.status} ${head.reason}`
  return refusal('parent-refused', `the parent proxy ${host}:${port} answered: ${said}`)
}
