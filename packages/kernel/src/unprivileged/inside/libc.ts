import koffi, { type KoffiFunc } from 'koffi'

const library = koffi.load('libc.so.6')

export const socket: KoffiFunc = library.func('int socket(int domain, int type, int protocol)')
export const bind: KoffiFunc = library.func('int bind(int fd, void *address, uint32_t length)')
export const send: KoffiFunc = library.func('long send(int fd, void *bytes, size_t length, int flags)')
export const recv: KoffiFunc = library.func('long recv(int fd, void *bytes, size_t length, int flags)')
export const waitpid: KoffiFunc = library.func('int waitpid(int pid, void *status, int options)')
