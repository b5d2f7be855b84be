import koffi, { type KoffiFunc } from 'koffi'

type Call = KoffiFunc<(...args: (number | bigint | Uint8Array | null)[]) => number>

/** The calls of libc that the batched listener makes; pointers into the batch's own memory go as numbers. */
export type SocketCalls = {
  readonly socket: Call
  readonly bind: Call
  readonly setsockopt: Call
  readonly getsockname: Call
  readonly recvmmsg: Call
  readonly sendmmsg: Call
  readonly sendto: Call
  /** Calls in a turn of the event loop whenever something can be read; returns what ends that. */
  readonly watch: (fd: number, onReadable: () => void) => () => void
  readonly close: Call
  readonly allocate: (octets: number) => { readonly address: bigint; readonly memory: ArrayBuffer }
  readonly errno: () => number
}

/** Throws where there is no such libc: there the listener of `node:dgram` serves. */
export function openSocketCalls(): SocketCalls {
  const libc = koffi.load('libc.so.6')
  const mmap = libc.func('void *mmap(void *at, size_t length, int protection, int flags, int fd, int64_t offset)')
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    bind: libc.func('int bind(int fd, void *address, uint32_t length)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
    getsockname: libc.func('int getsockname(int fd, _Inout_ void *address, _Inout_ void *length)'),
    recvmmsg: libc.func('int recvmmsg(int fd, size_t messages, uint32_t count, int flags, size_t timeout)'),
    sendmmsg: libc.func('int sendmmsg(int fd, size_t messages, uint32_t count, int flags)'),
    sendto: libc.func(
      'long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t addressLength)',
    ),
    watch: (fd, onReadable) => {
      // Promises that a callback of the poll itself settles would wait for another event.
      const handle = koffi.node.poll(fd, { readable: true }, () => void setImmediate(onReadable))
      return () => {
        handle.stop()
        handle.close()
      }
    },
    close: libc.func('int close(int fd)'),
    allocate: (octets) => {
      const READ_WRITE = 3
      const PRIVATE_ANONYMOUS = 0x22
      const pointer: unknown = mmap(null, octets, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
      return { address: koffi.address(pointer), memory: koffi.view(pointer, octets) }
    },
    errno: () => koffi.errno(),
  }
}
