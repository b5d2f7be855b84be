import koffi from 'koffi'

/** Calls of Linux that Node has none for. All numbers are of its interface to programs, which does not change. */
export type LinuxCalls = {
  epoll_create1(flags: number): number
  epoll_ctl(epoll: number, operation: number, fd: number, event: Uint8Array | null): number
  epoll_wait(epoll: number, events: Uint8Array, most: number, timeoutMs: number): number
  splice(from: number, fromAt: null, to: number, toAt: null, octets: number, flags: number): number
  pipe2(fds: Int32Array, flags: number): number
  fcntl(fd: number, command: number, argument: number): number
  shutdown(fd: number, how: number): number
  read(fd: number, octets: Uint8Array, most: number): number
  write(fd: number, octets: Uint8Array, count: number): number
  close(fd: number): number
  usleep(us: number): number
}

export const F_DUPFD_CLOEXEC = 1030
export const F_SETPIPE_SZ = 1031
export const O_CLOEXEC_NONBLOCK: number = 0o2000000 | 0o4000

export function loadLinuxCalls(): LinuxCalls {
  const library = koffi.load('libc.so.6')
  const call = (prototype: string): unknown => library.func(prototype)
  return {
    epoll_create1: call('int epoll_create1(int flags)'),
    epoll_ctl: call('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
    epoll_wait: call('int epoll_wait(int epoll, void *events, int most, int timeout)'),
    splice: call('int64_t splice(int from, void *from_at, int to, void *to_at, size_t octets, unsigned int flags)'),
    pipe2: call('int pipe2(void *fds, int flags)'),
    fcntl: call('int fcntl(int fd, int command, long argument)'),
    shutdown: call('int shutdown(int fd, int how)'),
    read: call('int64_t read(int fd, void *octets, size_t most)'),
    write: call('int64_t write(int fd, void *octets, size_t count)'),
    close: call('int close(int fd)'),
    usleep: call('int usleep(unsigned int us)'),
  } as unknown as LinuxCalls
}

export function wouldBlock(): boolean {
  return koffi.errno() === koffi.os.errno['EAGAIN']
}
