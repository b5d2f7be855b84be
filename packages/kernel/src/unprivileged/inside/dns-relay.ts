import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { RESOLVER_PORT } from './packet-rules.ts'

type Ask = (transport: 'udp' | 'tcp', message: Uint8Array) => Promise<Uint8Array | null>

const ADDRESSES = ['127.0.0.1', '::1'] as const
const MAX_CONNECTIONS = 64
const IDLE_MS = 10_000

/** Takes the look-ups that the rules turn to loopback, and has them answered outside. */
export async function startDnsRelay(ask: Ask): Promise<void> {
  for (const address of ADDRESSES) {
    try {
      await listenUdp(address, ask)
      await listenTcp(address, ask)
    } catch (error) {
      // A host without IPv6. Look-ups over it find nobody then, which is closed, not open.
      if (address !== '::1') throw error
    }
  }
}

async function listenUdp(address: string, ask: Ask): Promise<void> {
  const socket: Socket = createSocket(address === '::1' ? 'udp6' : 'udp4')
  socket.bind(RESOLVER_PORT, address)
  await once(socket, 'listening')
  socket.on('error', () => {})
  socket.on('message', (message, { address: client, port }) => {
    void ask('udp', message).then((answer) => answer !== null && socket.send(answer, port, client, () => {}))
  })
}

async function listenTcp(address: string, ask: Ask): Promise<void> {
  const server = createServer((connection) => {
    let waiting: Buffer = Buffer.alloc(0)
    connection.setTimeout(IDLE_MS, () => connection.destroy())
    connection.on('error', () => {})
    connection.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const end = 2 + waiting.readUInt16BE(0)
        const message = waiting.subarray(2, end)
        waiting = waiting.subarray(end)
        void ask('tcp', message).then((answer) => {
          if (answer === null) return connection.destroy()
          return (
            connection.writable &&
            connection.write(Buffer.concat([Uint8Array.of(answer.length >> 8, answer.length), answer]))
          )
        })
      }
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  server.listen(RESOLVER_PORT, address)
  await once(server, 'listening')
  server.on('error', () => {})
}
