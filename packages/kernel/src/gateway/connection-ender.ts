import { resetPacket } from '../queue/reset-packet.ts'
import { RawSocket } from '../raw-socket.ts'
import type { ForwardedEvent } from './forwarded-event.ts'
import { MARK } from './gateway-marks.ts'

const TCP = 6

/** Tells both ends of a forwarded connection that it is over. */
export class ConnectionEnder implements Disposable {
  readonly #sockets: Readonly<Record<4 | 16, RawSocket>>
  readonly #scope: DisposableStack

  constructor() {
    using opened = new DisposableStack()
    this.#sockets = { 4: opened.use(new RawSocket(4, MARK.pass)), 16: opened.use(new RawSocket(6, MARK.pass)) }
    this.#scope = opened.move()
  }

  end(
    event: Pick<ForwardedEvent, 'ipproto' | 'src' | 'srcPort' | 'dst' | 'port' | 'serverAwaits' | 'clientAwaits'>,
  ): void {
    if (event.ipproto !== TCP) return
    const { client, server } = onTheWire(event)
    const socket = this.#sockets[client.length as 4 | 16]
    const { srcPort, port, serverAwaits, clientAwaits } = event
    const toServer = { src: client, dst: server, srcPort, dstPort: port, seq: serverAwaits }
    const toClient = { src: server, dst: client, srcPort: port, dstPort: srcPort, seq: clientAwaits }
    socket.send(resetPacket(toServer), server)
    socket.send(resetPacket(toClient), client)
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]()
  }
}

/** The kernel judges IPv4 in one form, however it was written. RFC 6052: to a client of IPv6 it was the well-known prefix. */
function onTheWire({ src, dst }: Pick<ForwardedEvent, 'src' | 'dst'>): {
  readonly client: Uint8Array
  readonly server: Uint8Array
} {
  if (isMapped(src)) return { client: src.subarray(12), server: dst.subarray(12) }
  const server = isMapped(dst) ? Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ...dst.subarray(12)) : dst
  return { client: src, server }
}

function isMapped(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((octet) => octet === 0) && address[10] === 0xff && address[11] === 0xff
}
