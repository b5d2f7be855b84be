import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { buildMessage, emptyResponse, isWireFailure, parseMessage, wireName } from '@sallyport/wire'
import type { Message, ResourceRecord } from '@sallyport/wire'
import { frame, FrameReader } from '../src/listen/frames.ts'
import type { Endpoint } from '../src/options.ts'

type Reply = Message | Uint8Array | null
type Replies = Reply | readonly Reply[]
export type Answering = (query: Message, transport: 'udp' | 'tcp', peer: Endpoint) => Replies | Promise<Replies>
export type LoopbackUpstream = AsyncDisposable & { readonly endpoint: Endpoint; readonly queries: Message[] }

/** A server on loopback whose answers, right or wrong, are those of `answering`. */
export async function loopbackUpstream(answering: Answering, address = '127.0.0.1'): Promise<LoopbackUpstream> {
  const queries: Message[] = []
  const replies = async (bytes: Uint8Array, transport: 'udp' | 'tcp', peer: Endpoint): Promise<Uint8Array[]> => {
    const query = parseMessage(bytes)
    if (isWireFailure(query)) return []
    queries.push(query)
    const reply = await answering(query, transport, peer)
    const list = Array.isArray(reply) ? (reply as readonly Reply[]) : [reply as Reply]
    return list.filter((one) => one !== null).map((one) => (one instanceof Uint8Array ? one : buildMessage(one)))
  }
  const clients = new Set<Socket>()
  const tcp = createServer((socket) => {
    clients.add(socket)
    const frames = new FrameReader(65535)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      const peer = { address: socket.remoteAddress!, port: socket.remotePort! }
      for (const bytes of frames.push(chunk) ?? []) {
        void replies(bytes, 'tcp', peer).then((all) => all.forEach((out) => socket.write(frame(out))))
      }
    })
  })
  let closed = false
  const udp = await listenOnBoth(tcp, address)
  const { port } = udp.address()
  udp.on('error', () => {})
  udp.on('message', (bytes, peer) => {
    void replies(bytes, 'udp', peer).then((all) => {
      for (const out of all) if (!closed) udp.send(out, peer.port, peer.address)
    })
  })
  return {
    endpoint: { address, port },
    queries,
    [Symbol.asyncDispose]: async () => {
      closed = true
      udp.close()
      for (const client of clients) client.destroy()
      tcp.close()
      await once(tcp, 'close')
    },
  }
}

/** One port for both; a port that is free for one transport may be taken for the other, so another is tried. */
async function listenOnBoth(tcp: Server, address: string): Promise<UdpSocket> {
  for (let attempt = 0; ; attempt++) {
    const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    udp.bind(0, address)
    await once(udp, 'listening')
    try {
      tcp.listen(udp.address().port, address)
      await once(tcp, 'listening')
      return udp
    } catch (error) {
      udp.close()
      if (attempt === 20) throw error
    }
  }
}

/** An answer with these records; `rcode` 0. */
export function respond(query: Message, ...answers: ResourceRecord[]): Message {
  return { ...emptyResponse(query, 0, null), answers }
}

export function record(name: string, type: number, ttl: number, data: ResourceRecord['data']): ResourceRecord {
  return { name: wireName(name)!, type, class: 1, ttl, data }
}

export function a(name: string, address: string, ttl = 60): ResourceRecord {
  return record(name, 1, ttl, { kind: 'address', octets: Uint8Array.from(address.split('.').map(Number)) })
}

export function cname(name: string, target: string, ttl = 60): ResourceRecord {
  return record(name, 5, ttl, { kind: 'name', name: wireName(target)! })
}
