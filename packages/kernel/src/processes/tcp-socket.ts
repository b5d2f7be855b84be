import { addressBytes, isIpv4, type Address } from '@sallyport/net'
import { NetlinkSocket } from '../netlink-socket.ts'

export type TcpEnd = { readonly address: Address; readonly port: number }

/** A socket as the kernel names it: no other ever has its cookie, while inodes are given again. */
export type TcpSocket = { readonly uid: number; readonly inode: number; readonly cookie: bigint }

const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const AF_INET = 2
const AF_INET6 = 10
const IPPROTO_TCP = 6
const LISTEN = 10
/** Of struct inet_diag_msg, behind the header of the message. */
const AT = { state: 17, localPort: 20, remotePort: 22, cookie: 60, uid: 80, inode: 84, end: 88 } as const

/** The socket of this network namespace that has these two ends, by sock_diag(7): one look-up, however many sockets there are. */
export class TcpSockets implements Disposable {
  readonly #netlink = new NetlinkSocket(NETLINK_SOCK_DIAG)
  readonly #buffer = new Uint8Array(4096)

  /** Null when there is none, or nobody holds it any more. */
  find(local: TcpEnd, remote: TcpEnd): TcpSocket | null {
    if (!this.#netlink.send(request(local, remote))) return null
    const answer = this.#netlink.receive(this.#buffer)
    if (answer === null || answer.length < AT.end) return null
    const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength)
    if (view.getUint16(4, true) !== SOCK_DIAG_BY_FAMILY) return null
    // Where no connection has these ends the kernel answers with whoever listens on the port.
    const isThis = view.getUint16(AT.localPort) === local.port && view.getUint16(AT.remotePort) === remote.port
    const inode = view.getUint32(AT.inode, true)
    if (!isThis || answer[AT.state] === LISTEN || inode === 0) return null
    return { uid: view.getUint32(AT.uid, true), inode, cookie: view.getBigUint64(AT.cookie, true) }
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]()
  }
}

/** struct inet_diag_req_v2 behind a header. A socket of IPv6 that speaks IPv4 is found as one of IPv4. */
function request(local: TcpEnd, remote: TcpEnd): Uint8Array {
  const message = new Uint8Array(72)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length, true)
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true)
  view.setUint16(6, 1, true)
  const isV4 = isIpv4(local.address)
  message[16] = isV4 ? AF_INET : AF_INET6
  message[17] = IPPROTO_TCP
  view.setUint32(20, 0xffffffff, true)
  view.setUint16(24, local.port)
  view.setUint16(26, remote.port)
  message.set(addressBytes(local.address).subarray(isV4 ? 12 : 0), 28)
  message.set(addressBytes(remote.address).subarray(isV4 ? 12 : 0), 44)
  // INET_DIAG_NOCOOKIE: whichever it is.
  view.setBigUint64(64, 0xffffffffffffffffn, true)
  return message
}
