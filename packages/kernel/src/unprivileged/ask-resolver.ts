import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'

export type ResolverEndpoint = { readonly address: string; readonly port: number }

const TIMEOUT_MS = 15_000

/** One look-up of the command, at the resolver outside. Null when there is no answer. */
export async function askResolver(
  { address, port }: ResolverEndpoint,
  transport: 'udp' | 'tcp',
  message: Uint8Array,
): Promise<Uint8Array | null> {
  try {
    return await (transport === 'udp' ? askUdp(address, port, message) : askTcp(address, port, message))
  } catch {
    return null
  }
}

async function askUdp(address: string, port: number, message: Uint8Array): Promise<Uint8Array> {
  await using socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, address)
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  await once(socket, 'connect', { signal })
  socket.send(message)
  const [answer] = (await once(socket, 'message', { signal })) as [Buffer]
  return answer
}

async function askTcp(host: string, port: number, message: Uint8Array): Promise<Uint8Array | null> {
  const connection = connect({ host, port })
  connection.setTimeout(TIMEOUT_MS, () => connection.destroy(new Error('no answer')))
  connection.write(Buffer.concat([Uint8Array.of(message.length >> 8, message.length), message]))
  let bytes: Buffer = Buffer.alloc(0)
  // Leaving the loop closes the connection.
  for await (const chunk of connection as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length < 2) continue
    const end = 2 + bytes.readUInt16BE(0)
    if (bytes.length >= end) return bytes.subarray(2, end)
  }
  return null
}
