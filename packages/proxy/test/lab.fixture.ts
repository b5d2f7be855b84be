import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { compilePolicy, type CompiledPolicy } from '@sallyport/compile'
import { parseAddress, type DomainName } from '@sallyport/net'
import { definePolicy, EMPTY_WORLD } from '@sallyport/policy'
import type { HandshakeCrypto } from '@sallyport/wire'
import { startProxy, type AccessRecord, type Proxy, type ProxyOptions } from '@sallyport/proxy'

/** Names of the lab and what they resolve to. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'up.example.com': ['127.0.0.1'],
  'other.example.com': ['127.0.0.1'],
  'two.example.com': ['127.0.0.2', '127.0.0.1'],
  'private.example.com': ['10.0.0.5'],
  'mixed.example.com': ['10.0.0.5', '127.0.0.1'],
  'meta.example.com': ['169.254.169.254'],
  'mapped.example.com': ['::ffff:10.0.0.5'],
  'v6loop.example.com': ['::1'],
  'zero.example.com': ['0.0.0.0'],
  'nat64.example.com': ['64:ff9b::a00:5'],
  'sixtofour.example.com': ['2002:a00:5::1'],
  'bad.evil.example': ['127.0.0.1'],
  'under_score.example.com': ['127.0.0.1'],
  'xn--bcher-kva.example.com': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
}

type Rules = NonNullable<Parameters<typeof definePolicy>[0]['rules']>

/** Allows all there is but what is evil: what is refused beyond that, is by the proxy's own care. */
export const OPEN_RULES: Rules = [
  { id: 'no-evil', action: 'deny', to: ['.evil.example'] },
  { id: 'lab', action: 'allow', to: ['127.0.0.1'] },
  { id: 'all', action: 'allow' },
]

export function labPolicy(rules: Rules, mode: 'enforce' | 'monitor' = 'enforce'): CompiledPolicy {
  const layer = definePolicy({ sallyport: 1, name: 'lab', mode, rules }, { file: 'lab' })
  return compilePolicy({ layers: [layer] }, EMPTY_WORLD, { atMs: Date.now(), implicit: 'rules' })
}

export type Lab = AsyncDisposable & {
  readonly proxy: Proxy
  readonly port: number
  readonly records: AccessRecord[]
  /** Until so many records are there: one is written when a request or tunnel is over, which may be after the client is gone. */
  readonly recorded: (count: number) => Promise<void>
  readonly resolved: string[]
  /** Sends the octets on one connection and gives all that came back, until the end or until nothing more comes. */
  readonly send: (...parts: readonly (string | Uint8Array)[]) => Promise<string>
}

export async function startLab(options: Partial<ProxyOptions> = {}): Promise<Lab> {
  const records: AccessRecord[] = []
  const resolved: string[] = []
  const proxy = await startProxy({
    listen: [{ address: '127.0.0.1', port: 0 }],
    policy: labPolicy(OPEN_RULES),
    resolveName: async (name: DomainName) => {
      resolved.push(name)
      const addresses = NAMES[name]?.map((text) => parseAddress(text)!)
      if (addresses === undefined) return { kind: 'none', explain: `${name} has no address` }
      return { kind: 'addresses', addresses, ttlSeconds: 60 }
    },
    ciphers: CIPHERS,
    ownsSockets: process.env['SALLYPORT_TEST_SOCKETS'] !== 'node',
    onRecord: (record) => records.push(record),
    ...options,
  })
  const { port } = proxy.endpoints[0]!
  return {
    proxy,
    port,
    records,
    recorded: async (count) => {
      for (let waited = 0; records.length < count && waited < 1000; waited++) await sleep(10)
    },
    resolved,
    send: (...parts) => sendTo(port, parts),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

const QUIET_MS = 150
const FIRST_MS = 1000
const MOST_MS = 4000
const ESTABLISHED = /^HTTP\/1\.1 200 Connection established\r\n\r\n$/

/** The parts go out one after another, each when the one before has been answered or nothing has come for it. */
async function sendTo(port: number, parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  let isOver = false
  socket.on('error', () => {})
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.on('close', () => (isOver = true))
  socket.on('end', () => (isOver = true))
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  if (!isOpen) return ''
  const start = Date.now()
  for (const part of parts) {
    if (isOver) break
    const before = pieces.length
    const saysMore = /^CONNECT .*?\r\n\r\n./s.test(part.toString())
    let isEstablished = false
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
    let quietSince = Date.now()
    let seen = before
    while (
      !isOver &&
      Date.now() - start < MOST_MS &&
      Date.now() - quietSince < (seen === before || isEstablished ? FIRST_MS : QUIET_MS)
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (pieces.length !== seen) {
        seen = pieces.length
        quietSince = Date.now()
        const answer = Buffer.concat(pieces.slice(before))
        // What was said behind the request is answered by the server of the tunnel.
        isEstablished = saysMore && ESTABLISHED.test(answer.toString('latin1'))
        if (!isEstablished && isWholeAnswer(answer)) break
      }
    }
  }
  socket.destroy()
  return Buffer.concat(pieces).toString('latin1')
}

function isWholeAnswer(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (bytes[0] === 5) return bytes.length === 2 || bytes.length >= 10
  if (end < 0) return false
  if (text.startsWith('HTTP/1.1 200 Connection established')) return true
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))
  return length !== null && bytes.length >= end + 4 + Number(length[1])
}

export type Upstream = AsyncDisposable & {
  readonly port: number
  readonly received: () => string
  readonly server: Server
}

/** A server that keeps what it gets, and answers each connection as told; by default every head with a short 200. */
export async function startUpstream(
  answer: string | ((socket: Socket, received: string) => void) = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
): Promise<Upstream> {
  let received = ''
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let own = ''
    socket.on('error', () => {})
    socket.on('end', () => typeof answer === 'string' && socket.end())
    socket.on('data', (piece: Buffer) => {
      const text = piece.toString('latin1')
      received += text
      own += text
      if (typeof answer !== 'string') return answer(socket, own)
      for (let end = own.indexOf('\r\n\r\n'); end >= 0; end = own.indexOf('\r\n\r\n')) {
        own = own.slice(end + 4)
        socket.write(Buffer.from(answer, 'latin1'))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export const CIPHERS: HandshakeCrypto = {
  sha256: (data) => createHash('sha256').update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  aesEcbBlock: (key, block) => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block),
  aesGcmOpen: () => null,
}

/** Status and reason of the first answer. */
export function answerOf(text: string): string {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? (text === '' ? 'nothing' : 'other')
  const reason = /\r\nProxy-Status: sallyport; error=[a-z_]+; details="([a-z-]+)"/.exec(text)?.[1]
  return reason === undefined ? status : `${status} ${reason}`
}
