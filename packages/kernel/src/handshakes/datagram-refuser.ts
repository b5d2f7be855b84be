import type { QueuedSegment } from '../queue/parse-segment.ts'
import { unreachablePacket } from '../queue/unreachable-packet.ts'
import { RawSocket } from '../raw-socket.ts'

const NO_MARK = 0

/** Tells this host's own sockets that a datagram of theirs is refused. A rule of netfilter that did would be met by every packet. */
export class DatagramRefuser implements Disposable {
  readonly #sockets: Readonly<Record<4 | 16, RawSocket | null>>
  readonly #scope: DisposableStack

  constructor(hasIpv6: boolean) {
    using opened = new DisposableStack()
    this.#sockets = {
      4: opened.use(new RawSocket(4, NO_MARK)),
      16: hasIpv6 ? opened.use(new RawSocket(6, NO_MARK)) : null,
    }
    this.#scope = opened.move()
  }

  refuse(datagram: QueuedSegment): void {
    this.#sockets[datagram.src.length as 4 | 16]?.send(unreachablePacket(datagram), datagram.src)
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]()
  }
}
