import koffi, { type KoffiFunc } from 'koffi'

type Call = KoffiFunc<(...args: (number | Uint8Array | null)[]) => number>

/** Calls of Linux that sockets of the proxy's own loop are made of. Memory is an array, or an address of memory that stays where it is. */
export type SocketCalls = {
  readonly socket: Call
  readonly bind: Call
  readonly listen: Call
  readonly accept4: Call
  readonly connect: Call
  readonly recv: Call
  readonly send: Call
  readonly shutdown: Call
  readonly close: Call
  readonly open: KoffiFunc<(path: string, flags: number) => number>
  readonly setsockopt: Call
  readonly getsockopt: Call
  readonly getsockname: Call
  readonly getrlimit: Call
  readonly epoll_create1: Call
  readonly epoll_ctl: Call
  readonly epoll_wait: Call
  /** In a turn of the event loop whenever there is something to read. */
  readonly watch: (fd: number, onReadable: () => void) => Watching
  readonly errno: () => number
  /** Of memory that is not moved. */
  readonly addressOf: (octets: Uint8Array) => number
}

export type Watching = Disposable & {
  /** It tells nothing until it goes on. */
  pause(): void
  goOn(): void
}

const READABLE = { readable: true }

/** Throws where there is no such libc. */
export function openSocketCalls(): SocketCalls {
  const libc = koffi.load('libc.so.6')
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    bind: libc.func('int bind(int fd, void *address, uint32_t length)'),
    listen: libc.func('int listen(int fd, int backlog)'),
    accept4: libc.func('int accept4(int fd, void *address, void *length, int flags)'),
    connect: libc.func('int connect(int fd, void *address, uint32_t length)'),
    recv: libc.func('int64_t recv(int fd, void *octets, size_t most, int flags)'),
    send: libc.func('int64_t send(int fd, void *octets, size_t count, int flags)'),
    shutdown: libc.func('int shutdown(int fd, int how)'),
    close: libc.func('int close(int fd)'),
    open: libc.func('int open(const char *path, int flags)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
    getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    getsockname: libc.func('int getsockname(int fd, void *address, void *length)'),
    getrlimit: libc.func('int getrlimit(int resource, void *limits)'),
    epoll_create1: libc.func('int epoll_create1(int flags)'),
    epoll_ctl: libc.func('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
    epoll_wait: libc.func('int epoll_wait(int epoll, void *events, int most, int timeout)'),
    watch: (fd, onReadable) => {
      // Promises that a callback of the poll itself settles would wait for another event.
      const wake = (): void => void setImmediate(onReadable)
      const handle = koffi.node.poll(fd, READABLE, wake)
      return {
        pause: () => handle.stop(),
        goOn: () => handle.start(READABLE, wake),
        [Symbol.dispose]: () => {
          handle.stop()
          handle.close()
        },
      }
    },
    errno: () => koffi.errno(),
    // Addresses of Linux have 47 bits, or 56 for who asks for them.
    addressOf: (octets) => Number(koffi.address(octets)),
  }
}

export const AF_INET = 2
export const AF_INET6 = 10
/** SOCK_STREAM that is closed on exec and never waits. */
export const STREAM: number = 1 | 0o2000000 | 0o4000
export const ACCEPTED: number = 0o2000000 | 0o4000
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_KEEPALIVE = 9
export const SO_LINGER = 13
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const IPPROTO_IPV6 = 41
export const IPV6_V6ONLY = 26
export const MSG_NOSIGNAL = 0x4000
export const SHUT_WR = 1
export const EINTR = 4
export const EAGAIN = 11
export const ENFILE = 23
export const EMFILE = 24
export const ECONNRESET = 104
export const EINPROGRESS = 115

const CODES: Readonly<Record<number, string>> = {
  13: 'EACCES',
  22: 'EINVAL',
  23: 'ENFILE',
  24: 'EMFILE',
  97: 'EAFNOSUPPORT',
  98: 'EADDRINUSE',
  99: 'EADDRNOTAVAIL',
  101: 'ENETUNREACH',
  104: 'ECONNRESET',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  113: 'EHOSTUNREACH',
}

/** An error as sockets of Node give it. */
export function socketError(call: string, errno: number): NodeJS.ErrnoException {
  const code = CODES[errno] ?? `E${errno}`
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call })
}

export function int32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}
