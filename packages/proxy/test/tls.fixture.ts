import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls'

/** A key and a certificate for any name, made by openssl. */
export function madeCertificate(name: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cert-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  const made = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(folder, { recursive: true })
  return made
}

export type TlsServer = AsyncDisposable & { readonly port: number; readonly octets: () => number }

/** Says every octet back. */
export async function startTlsEcho(name = 'up.example.com'): Promise<TlsServer> {
  let octets = 0
  const sockets = new Set<Socket>()
  const server = createServer({ ...madeCertificate(name), allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const { emit } = socket
    socket.emit = function (event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'close') octets += socket.bytesRead
      return (emit as (...all: unknown[]) => boolean).call(this, event, ...args)
    }
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    octets: () => octets + [...sockets].reduce((sum, socket) => sum + (socket.destroyed ? 0 : socket.bytesRead), 0),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A connection through the proxy to `authority`, once it says that it is open. */
export async function openConnect(port: number, authority: string): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  if (!answer.toString().startsWith('HTTP/1.1 200')) throw new Error(answer.toString())
  const rest = answer.subarray(answer.indexOf('\r\n\r\n') + 4)
  if (rest.length > 0) socket.unshift(rest)
  return socket
}

/** Everything that comes until the other side ends, or resets. */
export function untilEnd(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  return new Promise((resolve) => {
    const done = (): void => resolve(Buffer.concat(pieces).toString('latin1'))
    socket
      .on('data', (piece: Buffer) => pieces.push(piece))
      .on('end', done)
      .on('close', done)
    socket.resume()
  })
}

/** The next octets that come. */
export async function nextOctets(socket: Socket): Promise<string> {
  socket.resume()
  const [piece] = (await once(socket, 'data', { signal: AbortSignal.timeout(3000) })) as [Buffer]
  socket.pause()
  return piece.toString('latin1')
}

/** What a TLS client over the socket gets for a greeting, or what went wrong. */
export async function tlsGreeting(socket: Socket, servername: string | undefined): Promise<string> {
  const tls: TLSSocket = connectTls({
    socket,
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  })
  try {
    tls.write('hello')
    const [answer] = (await once(tls, 'data', { signal: AbortSignal.timeout(3000) })) as [Buffer]
    return answer.toString()
  } catch (error) {
    return /alert access denied/.test(String(error)) ? 'access denied' : String(error)
  } finally {
    tls.destroy()
    socket.destroy()
  }
}
