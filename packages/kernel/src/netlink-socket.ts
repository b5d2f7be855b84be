import koffi from 'koffi'
import { KernelError } from './kernel-error.ts'
import { setSocketOption, SOCK_RAW_CLOEXEC, socketCalls } from './socket-calls.ts'

const AF_NETLINK = 16
const SO_RCVBUFFORCE = 33
const DONT_WAIT = 0x40

/** A netlink socket of this network namespace, for as long as it is not disposed of. */
export class NetlinkSocket implements Disposable {
  readonly fd: number

  /** `groups` are the multicast groups to listen to: bit n - 1 is group n. */
  constructor(protocol: number, groups: number = 0) {
    const c = socketCalls()
    this.fd = c.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol)
    if (this.fd < 0) throw new KernelError('netlink-failed', `no netlink socket of protocol ${protocol}`, 'run as root')
    const address = new Uint8Array(12)
    const view = new DataView(address.buffer)
    view.setUint16(0, AF_NETLINK, true)
    view.setUint32(8, groups, true)
    if (c.bind(this.fd, address, address.length) === 0) return
    c.close(this.fd)
    throw new KernelError('netlink-failed', 'a netlink socket could not be bound', 'run as root')
  }

  /** Room for what has not been read yet. */
  makeRoom(bytes: number): void {
    setSocketOption(this.fd, SO_RCVBUFFORCE, bytes)
  }

  send(bytes: Uint8Array): boolean {
    return Number(socketCalls().send(this.fd, bytes, bytes.length, 0)) >= 0
  }

  /** One datagram of the kernel; null when it says that something was lost, or nothing. */
  receive(buffer: Uint8Array): Uint8Array | null {
    const length = Number(socketCalls().recv(this.fd, buffer, buffer.length, 0))
    return length <= 0 ? null : buffer.subarray(0, length)
  }

  /** As `receive`, `nothing` when nothing waits. */
  poll(buffer: Uint8Array): Uint8Array | 'nothing' | 'lost' {
    const length = Number(socketCalls().recv(this.fd, buffer, buffer.length, DONT_WAIT))
    if (length > 0) return buffer.subarray(0, length)
    return koffi.errno() === koffi.os.errno['EAGAIN'] ? 'nothing' : 'lost'
  }

  [Symbol.dispose](): void {
    socketCalls().close(this.fd)
  }
}
