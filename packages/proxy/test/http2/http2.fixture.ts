import { once } from 'node:events'
import {
  connect as connectHttp2,
  createSecureServer,
  type ClientHttp2Session,
  type Http2SecureServer,
} from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { CertificateAuthority, createAuthority } from '@sallyport/proxy'
import { labPolicy, startLab, type Lab } from '../lab.fixture.ts'
import { madeCertificate, openConnect } from '../tls.fixture.ts'

export type Http2Server = AsyncDisposable & {
  readonly port: number
  readonly cert: string
  readonly sessions: () => number
}

/** A server over TLS that speaks HTTP/2, and HTTP/1.1 too. */
export async function startServer(
  serve: (server: Http2SecureServer) => void,
  protocols: readonly string[] = ['h2', 'http/1.1'],
): Promise<Http2Server> {
  const certificate = madeCertificate('up.example.com')
  const both = createSecureServer({ ...certificate, allowHTTP1: true })
  const server = protocols.includes('h2') ? both : (createServer(certificate) as unknown as Http2SecureServer)
  const sockets = new Set<Socket>()
  let sessions = 0
  server.on('session', () => sessions++)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('sessionError', () => {})
  serve(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cert: certificate.cert,
    sessions: () => sessions,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

type Rules = Parameters<typeof labPolicy>[0]

/** A proxy that decrypts what the rules ask for. */
export async function startInspecting(
  server: Http2Server,
  rules: Rules,
  options: Parameters<typeof startLab>[0] = {},
): Promise<Lab> {
  const authority = await CertificateAuthority.open(await createAuthority('Lab', Date.now()))
  return startLab({ policy: labPolicy(rules), inspect: { authority, never: [], serverCa: server.cert }, ...options })
}

/** A connection of HTTP/2 in a tunnel. */
export async function openSession(lab: Lab, port: number, host = 'up.example.com'): Promise<ClientHttp2Session> {
  const socket = await openConnect(lab.port, `${host}:${port}`)
  const tls = connectTls({ socket, servername: host, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  await once(tls, 'secureConnect')
  const session = connectHttp2(`https://${host}:${port}`, { createConnection: () => tls })
  session.on('error', () => {})
  return session
}

export type Answered = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly trailers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly rstCode: number
}

/** One request; the answer as it is, also where it is cut. */
export async function ask(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>> | readonly string[],
  body: string | Buffer | null = null,
): Promise<Answered> {
  const stream = session.request(headers as never, { endStream: body === null })
  let status = 0
  let answered: Record<string, unknown> = {}
  let trailers: Record<string, unknown> = {}
  const pieces: Buffer[] = []
  stream.on('response', (all) => {
    status = Number(all[':status'])
    answered = { ...all }
  })
  stream.on('trailers', (all) => (trailers = { ...all }))
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('error', () => {})
  if (body !== null) stream.end(body)
  const late = setTimeout(() => stream.destroy(), 10_000)
  if (!stream.destroyed) await new Promise<void>((resolve) => stream.once('close', () => resolve()))
  clearTimeout(late)
  return {
    status,
    headers: answered,
    trailers,
    body: Buffer.concat(pieces).toString('latin1'),
    rstCode: stream.rstCode ?? -1,
  }
}

/** A proxy that is spoken to over TLS, and one connection of frames to it. */
export async function startTlsLab(options: Parameters<typeof startLab>[0] = {}): Promise<Lab> {
  const tls = { ...madeCertificate('proxy.example'), clientCa: null }
  return startLab({ listen: [{ address: '127.0.0.1', port: 0, isTls: true }], tls, ...options })
}

export async function openTls(port: number): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, CONTINUATION: 9 } as const

/** HPACK without indexing and without Huffman (RFC 7541 §6.2.2): what is written is what is meant. */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([integer(value.length), Buffer.from(value, 'latin1')])
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const octets = [127]
  let rest = value - 127
  for (; rest >= 128; rest >>= 7) octets.push((rest & 127) | 128)
  return Buffer.from([...octets, rest])
}

export type Frame = { readonly type: number; readonly stream: number; readonly payload: Buffer }

/** What comes back, as frames: until one is enough, the connection ends, or nothing more comes. */
export async function framesOf(
  socket: TLSSocket,
  quietMs: number,
  isEnough: (frame: Frame) => boolean = () => false,
): Promise<readonly Frame[]> {
  let all = Buffer.alloc(0)
  let lastMs = Date.now()
  socket.on('data', (piece: Buffer) => {
    all = Buffer.concat([all, piece])
    lastMs = Date.now()
  })
  while (!socket.destroyed && !socket.readableEnded && Date.now() - lastMs < quietMs) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    if (framesIn(all).some(isEnough)) break
  }
  return framesIn(all)
}

function framesIn(all: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 9 <= all.length; at += 9 + all.readUIntBE(at, 3)) {
    const payload = all.subarray(at + 9, at + 9 + all.readUIntBE(at, 3))
    frames.push({ type: all[at + 3]!, stream: all.readUInt32BE(at + 5), payload })
  }
  return frames
}
