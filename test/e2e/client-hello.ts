import { Duplex } from 'node:stream'
import { connect } from 'node:tls'

/** The first flight of Node's own TLS client for a name. */
export async function clientHello(servername: string, ecdhCurve = 'X25519'): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>()
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      resolve(new Uint8Array(chunk))
      done()
    },
  })
  const socket = connect({ socket: wire, servername, ecdhCurve })
  socket.on('error', () => {})
  const hello = await promise
  socket.destroy()
  return hello
}
