import koffi from 'koffi'
import { KernelError } from './kernel-error.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
/** Whole packets, with their IP header. */
const IPPROTO_RAW = 255
const SOL_SOCKET = 1
const SO_MARK = 36

type Calls = {
  socket(family: number, type: number, protocol: number): number
  sendto(fd: number, data: Uint8Array, length: number, flags: number, to: Uint8Array, size: number): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  close(fd: number): number
}

let calls: Calls | undefined

function libc(): Calls {
  if (calls) return calls
  const library = koffi.load('libc.so.6')
  calls = {
    socket: library.func('int socket(int family, int type, int protocol)'),
    sendto: library.func('long sendto(int fd, void *data, size_t length, int flags, void *to, uint32_t size)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)'),
    close: library.func('int close(int fd)'),
  } as unknown as Calls
  return calls
}

/** Sends packets that bear whatever source they say. */
export class RawSocket implements Disposable {
  readonly #fd: number
  readonly #family: number

  constructor(version: 4 | 6, mark: number) {
    this.#family = version === 4 ? AF_INET : AF_INET6
    this.#fd = libc().socket(this.#family, SOCK_RAW_CLOEXEC, IPPROTO_RAW)
    if (this.#fd < 0) throw new KernelError('privileges-missing', 'no raw socket', 'run as root')
    const value = new Uint8Array(4)
    new DataView(value.buffer).setUint32(0, mark, true)
    libc().setsockopt(this.#fd, SOL_SOCKET, SO_MARK, value, value.length)
  }

  /** `to` is 4 or 16 bytes. */
  send(packet: Uint8Array, to: Uint8Array): boolean {
    const address = new Uint8Array(this.#family === AF_INET ? 16 : 28)
    new DataView(address.buffer).setUint16(0, this.#family, true)
    address.set(to, this.#family === AF_INET ? 4 : 8)
    return Number(libc().sendto(this.#fd, packet, packet.length, 0, address, address.length)) >= 0
  }

  [Symbol.dispose](): void {
    libc().close(this.#fd)
  }
}
