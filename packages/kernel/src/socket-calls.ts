import koffi from 'koffi'

type SocketCalls = {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  send(fd: number, data: Uint8Array, length: number, flags: number): number
  sendto(fd: number, data: Uint8Array, length: number, flags: number, to: Uint8Array, size: number): number
  recv(fd: number, data: Uint8Array, length: number, flags: number): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  close(fd: number): number
}

let calls: SocketCalls | undefined

/** socket(2) and what goes with it, for families that Node has no sockets of. */
export function socketCalls(): SocketCalls {
  if (calls) return calls
  const library = koffi.load('libc.so.6')
  calls = {
    socket: library.func('int socket(int family, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, uint32_t length)'),
    send: library.func('long send(int fd, void *data, size_t length, int flags)'),
    sendto: library.func('long sendto(int fd, void *data, size_t length, int flags, void *to, uint32_t size)'),
    recv: library.func('long recv(int fd, void *data, size_t length, int flags)'),
    setsockopt: library.func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)'),
    close: library.func('int close(int fd)'),
  } as unknown as SocketCalls
  return calls
}

export const SOCK_RAW_CLOEXEC: number = 3 | 0o2000000
const SOL_SOCKET = 1

/** An option of SOL_SOCKET whose value is an int. */
export function setSocketOption(fd: number, option: number, value: number): void {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  socketCalls().setsockopt(fd, SOL_SOCKET, option, bytes, bytes.length)
}
