import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { decode, encode, streamDecode, streamEncode, type Packet } from 'dns-packet'
import type { Arrival, Services } from './services.ts'

// Runs on a host of the lab with its services as JSON. Every arrival is one line of JSON on the standard output.

const services = JSON.parse(process.argv[2] ?? '{}') as Services
const listening: Promise<void>[] = []

function arrived(what: Arrival): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

function note(kind: Arrival['kind'], socket: Socket, name?: string): void {
  const { localAddress, localPort, remoteAddress } = socket
  arrived({ kind, to: `${localAddress} ${localPort}`, from: remoteAddress ?? '', ...(name ? { name } : {}) })
}

function listen(server: Server, at: string): void {
  const [host = '', port = ''] = at.split(' ')
  server.on('error', (error) => process.stderr.write(`${at}: ${error.message}\n`))
  listening.push(new Promise((resolve) => server.listen(Number(port), host, () => resolve())))
}

/** `/N` is answered with N octets, what is posted with its length. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'POST') {
    let length = 0
    request.on('data', (chunk: Buffer) => (length += chunk.length)).on('end', () => response.end(`${length}\n`))
    return
  }
  const size = /^\/(\d+)$/.exec(request.url ?? '')?.[1]
  if (size !== undefined) return void response.end(Buffer.alloc(Number(size), 'x'))
  response.end(`hello from ${request.socket.localAddress} over HTTP/${request.httpVersion} ${request.url}\n`)
}

/** RFC 6455: every frame goes back as it came, without its mask. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => {})
  socket.on('data', (frame: Buffer) => {
    const length = frame[1]! & 127
    const mask = frame.subarray(2, 6)
    const text = frame.subarray(6, 6 + length).map((octet, at) => octet ^ mask[at % 4]!)
    socket.write(Buffer.concat([Buffer.from([frame[0]!, length]), text]))
  })
}

for (const at of services.http ?? []) {
  const web = createHttp(answer)
  web.on('connection', (socket: Socket) => note('http', socket)).on('upgrade', upgrade)
  listen(web, at)
}
if (services.https !== undefined) {
  const [cert, key] = [readFileSync(services.https.cert), readFileSync(services.https.key)]
  for (const at of services.https.at) {
    const web = createSecureServer({ cert, key, allowHTTP1: true }, answer as never)
    web.on('secureConnection', (socket: TLSSocket) => note('https', socket, String(socket.servername || '')))
    web.on('upgrade', upgrade as never).on('tlsClientError', () => {})
    listen(web as unknown as Server, at)
  }
}
for (const at of services.tcp ?? []) {
  const raw = createServer((socket) => {
    note('tcp', socket)
    socket.on('error', () => {}).pipe(socket)
  })
  listen(raw, at)
}
for (const at of services.udp ?? []) {
  const [host = '', port = ''] = at.split(' ')
  const datagrams = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' })
  datagrams.on('message', (message, from) => {
    arrived({ kind: 'udp', to: at, from: from.address })
    datagrams.send(message, from.port, from.address)
  })
  listening.push(new Promise((resolve) => datagrams.bind(Number(port), host, resolve)))
}
if (services.dns !== undefined) {
  const { at, zone } = services.dns
  const reply = (query: Packet, from: string): Packet => {
    const [question] = query.questions ?? []
    const name = question?.name.toLowerCase() ?? ''
    arrived({ kind: 'dns', to: at, from, name })
    const answers = (zone[name] ?? [])
      .filter((address) => question?.type === (address.includes(':') ? 'AAAA' : 'A'))
      .map((data) => ({ name: question!.name, type: question!.type as 'A', ttl: 60, data }))
    const flags = 0x8180 | (name in zone ? 0 : 3)
    return { type: 'response', id: query.id ?? 0, flags, questions: query.questions ?? [], answers }
  }
  const datagrams = createSocket(at.includes(':') ? 'udp6' : 'udp4')
  datagrams.on('message', (message, from) =>
    datagrams.send(encode(reply(decode(message), from.address)), from.port, from.address),
  )
  listening.push(new Promise((resolve) => datagrams.bind(53, at, resolve)))
  const streams = createServer((socket) => {
    let bytes = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length < 2 || bytes.length < 2 + bytes.readUInt16BE(0)) return
      socket.write(streamEncode(reply(streamDecode(bytes), socket.remoteAddress ?? '')))
      bytes = bytes.subarray(2 + bytes.readUInt16BE(0))
    })
  })
  listen(streams, `${at} 53`)
}

await Promise.all(listening)
process.stdout.write('ready\n')
