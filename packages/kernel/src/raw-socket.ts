import { KernelError } from './kernel-error.ts'
import { setSocketOption, SOCK_RAW_CLOEXEC, socketCalls } from './socket-calls.ts'

const AF_INET = 2
const AF_INET6 = 10
/** Whole packets, with their IP header. */
const IPPROTO_RAW = 255
const SO_MARK = 36

/** Sends packets that bear whatever source they say. */
export class RawSocket implements Disposable {
  readonly #fd: number
  readonly #family: number

  constructor(version: 4 | 6, mark: number) {
    this.#family = version === 4 ? AF_INET : AF_INET6
    this.#fd = socketCalls().socket(this.#family, SOCK_RAW_CLOEXEC, IPPROTO_RAW)
    if (this.#fd < 0) throw new KernelError('privileges-missing', 'no raw socket', 'run as root')
    setSocketOption(this.#fd, SO_MARK, mark)
  }

  /** `to` is 4 or 16 bytes. */
  send(packet: Uint8Array, to: Uint8Array): boolean {
    const address = new Uint8Array(this.#family === AF_INET ? 16 : 28)
    new DataView(address.buffer).setUint16(0, this.#family, true)
    address.set(to, this.#family === AF_INET ? 4 : 8)
    return Number(socketCalls().sendto(this.#fd, packet, packet.length, 0, address, address.length)) >= 0
  }

  [Symbol.dispose](): void {
    socketCalls().close(this.#fd)
  }
}
