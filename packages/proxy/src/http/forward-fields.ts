import { listMembers, type Field, type Framing, type RequestHead, type ResponseHead } from '@sallyport/wire'
import type { ForwardedRequest } from './answerer.ts'

/** Fields of one connection, which go no further (RFC 9110 §7.6.1); those of framing are written anew. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'transfer-encoding',
  'content-length',
  'upgrade',
  // RFC 7540 §3.2.1: with Upgrade: h2c, a way past whoever reads HTTP/1 only.
  'http2-settings',
])

export function isWebSocketUpgrade({ fields, method }: RequestHead): boolean {
  const asks = listMembers(fields, 'connection').includes('upgrade')
  return asks && method === 'GET' && listMembers(fields, 'upgrade').join() === 'websocket'
}

export function requestHeadText({
  head,
  framing,
  version,
  authority,
  path,
  via,
  isBodyRead,
}: ForwardedRequest): string {
  const { method, fields } = head
  // TRACE and OPTIONS count hops down; the others have no such field (RFC 9110 §7.6.2).
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n`
  text += fieldsText(passedFields(fields).filter(({ name }) => name !== 'host' && !(isBodyRead && name === 'expect')))
  text += framingText(framing)
  if (isWebSocketUpgrade(head)) text += 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  else if (listMembers(fields, 'te').includes('trailers')) text += 'TE: trailers\r\nConnection: TE\r\n'
  return `${text}Via: ${version} ${via}\r\n\r\n`
}

/** `shown`: how the body goes on to the client; `connection`: what it is told of its connection. */
export function responseHeadText(
  head: ResponseHead,
  shown: Framing,
  to: {
    readonly connection: 'close' | 'keep-alive' | 'upgrade' | null
    readonly via: string
    /** The last word of a login. */
    readonly authenticate: string | null
    readonly isHead: boolean
  },
): string {
  const { status, reason, fields } = head
  let text = `HTTP/1.1 ${status} ${reason}\r\n${fieldsText(passedFields(fields))}${framingText(shown)}`
  // An answer to HEAD, and 304, say how long the body would be.
  if (shown.kind === 'none' && (to.isHead || status === 304)) text += keptLength(fields)
  if (to.connection === 'upgrade') text += 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  else if (to.connection !== null) text += `Connection: ${to.connection}\r\n`
  if (to.authenticate !== null) text += `Proxy-Authenticate: ${to.authenticate}\r\n`
  return `${text}Via: ${to.via}\r\n\r\n`
}

/** Those that go further than this connection. */
export function passedFields(fields: readonly Field[]): readonly Field[] {
  const named = new Set(listMembers(fields, 'connection'))
  return fields.filter(({ name }) => !HOP_BY_HOP.has(name) && !named.has(name))
}

function fieldsText(fields: readonly Field[]): string {
  let text = ''
  for (const { spelled, value } of fields) text += `${spelled}: ${value}\r\n`
  return text
}

function keptLength(fields: readonly Field[]): string {
  const length = fields.find(({ name }) => name === 'content-length')?.value
  return length === undefined ? '' : `Content-Length: ${length}\r\n`
}

function framingText(framing: Framing): string {
  switch (framing.kind) {
    case 'length':
      return `Content-Length: ${framing.octets}\r\n`
    case 'chunked':
      return 'Transfer-Encoding: chunked\r\n'
    case 'none':
    case 'until-close':
      return ''
  }
}
