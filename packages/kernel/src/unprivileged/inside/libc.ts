import koffi, { type KoffiFunc } from 'koffi'

type Call = KoffiFunc<(...args: (number | Uint8Array | null)[]) => number>

const library = koffi.load('libc.so.6')

export const socket: Call = library.func('int socket(int domain, int type, int protocol)')
export const bind: Call = library.func('int bind(int fd, void *address, uint32_t length)')
export const send: Call = library.func('long send(int fd, void *bytes, size_t length, int flags)')
export const recv: Call = library.func('long recv(int fd, void *bytes, size_t length, int flags)')
export const waitpid: Call = library.func('int waitpid(int pid, void *status, int options)')
/** Unlike `process.exit`, does not wait for the thread that waits for packets. */
export const exitNow: Call = library.func('void _exit(int code)')
