import koffi from 'koffi'
import { KernelError } from './kernel-error.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const DONT_WAIT = 0x40

type Calls = {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  send(fd: number, data: Uint8Array, length: number, flags: number): number
  recv(fd: number, data: Uint8Array, length: number, flags: number): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  close(fd: number): number
}

let calls: Calls | undefined

function libc(): Calls {
  if (calls) return calls
  const library = koffi.load('libc.so.6')
  calls = {
    socket: library.func('int socket(int family, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, uint32_t length)'),
    send: library.func('long send(int fd, void *data, size_t length, int flags)'),
    recv: library.func('long recv(int fd, void *data, size_t length, int flags)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)'),
    close: library.func('int close(int fd)'),
  } as unknown as Calls
  return calls
}

/** A netlink socket of this network namespace, for as long as it is not disposed of. */
export class NetlinkSocket implements Disposable {
  readonly fd: number

  constructor(protocol: number) {
    const c = libc()
    this.fd = c.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol)
    if (this.fd < 0) throw new KernelError('netlink-failed', `no netlink socket of protocol ${protocol}`, 'run as root')
    const address = new Uint8Array(12)
    new DataView(address.buffer).setUint16(0, AF_NETLINK, true)
    if (c.bind(this.fd, address, address.length) === 0) return
    c.close(this.fd)
    throw new KernelError('netlink-failed', 'a netlink socket could not be bound', 'run as root')
  }

  /** Room for what has not been read yet. */
  makeRoom(bytes: number): void {
    const value = new Uint8Array(4)
    new DataView(value.buffer).setUint32(0, bytes, true)
    libc().setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, value, value.length)
  }

  send(bytes: Uint8Array): boolean {
    return Number(libc().send(this.fd, bytes, bytes.length, 0)) >= 0
  }

  /** One datagram of the kernel; null when it says that something was lost, or nothing. */
  receive(buffer: Uint8Array): Uint8Array | null {
    const length = Number(libc().recv(this.fd, buffer, buffer.length, 0))
    return length <= 0 ? null : buffer.subarray(0, length)
  }

  /** As `receive`, `nothing` when nothing waits. */
  poll(buffer: Uint8Array): Uint8Array | 'nothing' | 'lost' {
    const length = Number(libc().recv(this.fd, buffer, buffer.length, DONT_WAIT))
    if (length > 0) return buffer.subarray(0, length)
    return koffi.errno() === koffi.os.errno['EAGAIN'] ? 'nothing' : 'lost'
  }

  [Symbol.dispose](): void {
    libc().close(this.fd)
  }
}
