import { addressBytes, isIpv4, type Address } from '@sallyport/net'
import { NetlinkSocket } from '../netlink-socket.ts'

export type SocketEnd = { readonly address: Address; readonly port: number }

/** A socket as its holder sees it. One of UDP that is not connected has no remote end of its own: any is its. */
export type SocketEnds = {
  readonly transport: 'tcp' | 'udp'
  readonly local: SocketEnd
  readonly remote: SocketEnd
}

/** A socket as the kernel names it: no other ever has its cookie, while inodes are given again. */
export type InetSocket = { readonly uid: number; readonly inode: number; readonly cookie: bigint }

const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const AF_INET = 2
const AF_INET6 = 10
const PROTOCOL = { tcp: 6, udp: 17 } as const
const LISTEN = 10
/** Of struct inet_diag_msg, behind the header of the message. */
const AT = { state: 17, localPort: 20, remotePort: 22, cookie: 60, uid: 80, inode: 84, end: 88 } as const

/** The socket of this network namespace that has these two ends, by sock_diag(7): one look-up, however many sockets there are. */
export class InetSockets implements Disposable {
  readonly #netlink = new NetlinkSocket(NETLINK_SOCK_DIAG)
  readonly #buffer = new Uint8Array(4096)

  /** Null when there is none, or nobody holds it any more. */
  find(ends: SocketEnds): InetSocket | null {
    // Of UDP the kernel looks for who would receive from the first end: the ends are the other way round.
    const { transport, local, remote } = ends
    const found = transport === 'tcp' ? this.#ask(PROTOCOL.tcp, local, remote) : this.#ask(PROTOCOL.udp, remote, local)
    if (found === null) return null
    const remotePort = found.getUint16(AT.remotePort)
    const isThis =
      found.getUint16(AT.localPort) === local.port &&
      (remotePort === remote.port || (transport === 'udp' && remotePort === 0))
    // Where no connection has these ends the kernel answers with whoever listens on the port.
    const isListening = transport === 'tcp' && found.getUint8(AT.state) === LISTEN
    const inode = found.getUint32(AT.inode, true)
    if (!isThis || isListening || inode === 0) return null
    return { uid: found.getUint32(AT.uid, true), inode, cookie: found.getBigUint64(AT.cookie, true) }
  }

  #ask(protocol: number, first: SocketEnd, second: SocketEnd): DataView | null {
    if (!this.#netlink.send(request(protocol, first, second))) return null
    const answer = this.#netlink.receive(this.#buffer)
    if (answer === null || answer.length < AT.end) return null
    const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength)
    return view.getUint16(4, true) === SOCK_DIAG_BY_FAMILY ? view : null
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]()
  }
}

/** struct inet_diag_req_v2 behind a header. A socket of IPv6 that speaks IPv4 is found as one of IPv4. */
function request(protocol: number, first: SocketEnd, second: SocketEnd): Uint8Array {
  const message = new Uint8Array(72)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length, true)
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true)
  view.setUint16(6, 1, true)
  const isV4 = isIpv4(first.address)
  message[16] = isV4 ? AF_INET : AF_INET6
  message[17] = protocol
  view.setUint32(20, 0xffffffff, true)
  view.setUint16(24, first.port)
  view.setUint16(26, second.port)
  message.set(addressBytes(first.address).subarray(isV4 ? 12 : 0), 28)
  message.set(addressBytes(second.address).subarray(isV4 ? 12 : 0), 44)
  // INET_DIAG_NOCOOKIE: whichever it is.
  view.setBigUint64(64, 0xffffffffffffffffn, true)
  return message
}
