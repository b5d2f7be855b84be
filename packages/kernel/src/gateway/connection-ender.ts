import { resetPacket } from '../queue/reset-packet.ts'
import { RawSocket } from '../raw-socket.ts'
import type { ForwardedEvent } from './forwarded-event.ts'
import { MARK } from './gateway-marks.ts'
import { onTheWire } from './on-the-wire.ts'

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
