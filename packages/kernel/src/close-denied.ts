import koffi from 'koffi'
import { KernelError } from './kernel-error.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NETLINK_SOCK_DIAG = 4
const SOCK_DIAG_BY_FAMILY = 20
const SOCK_DESTROY = 21
const REQUEST = 1
const ACK = 4
const DUMP = 0x300
const DONE = 3
const ERROR = 2
const REQ_STORAGES = 2
const STORAGE_REQ_FD = 1
const REPLY_STORAGES = 20
const STORAGE = 1
const STORAGE_MAP_VALUE = 3
const IPPROTO_TCP = 6
const NESTED = 0x8000

/** Offsets inside the kernel's record of a socket (struct flow). */
export const FLOW = { generation: 4, verdict: 88, exempt: 202 } as const

interface Calls {
  socket(family: number, type: number, protocol: number): number
  send(fd: number, data: Uint8Array, length: number, flags: number): number
  recv(fd: number, data: Uint8Array, length: number, flags: number): number
  close(fd: number): number
}

let calls: Calls | undefined

function libc(): Calls {
  if (calls) return calls
  const library = koffi.load('libc.so.6')
  calls = {
    socket: library.func('int socket(int family, int type, int protocol)'),
    send: library.func('long send(int fd, void *data, size_t length, int flags)'),
    recv: library.func('long recv(int fd, void *data, size_t length, int flags)'),
    close: library.func('int close(int fd)'),
  } as unknown as Calls
  return calls
}

/** Closes the TCP sockets of this network namespace whose last verdict, under the active generation, is a refusal. */
export function closeDenied(flowsFd: number, generation: number): number {
  const c = libc()
  const fd = c.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG)
  if (fd < 0) throw new KernelError('netlink-failed', 'no sock_diag socket', 'a kernel with CONFIG_INET_DIAG')
  try {
    return [2, 10].reduce((sum, family) => sum + closeFamily(c, fd, family, flowsFd, generation), 0)
  } finally {
    c.close(fd)
  }
}

function closeFamily(c: Calls, fd: number, family: number, flowsFd: number, generation: number): number {
  const denied: Uint8Array[] = []
  send(c, fd, request(SOCK_DIAG_BY_FAMILY, REQUEST | DUMP, family, undefined, storageRequest(flowsFd)))
  for (const message of receive(c, fd)) {
    const flow = storageOf(message.subarray(16 + 72))
    if (flow && isDenied(flow, generation)) denied.push(message.slice(16 + 4, 16 + 4 + 48))
  }
  let closed = 0
  for (const id of denied) {
    send(c, fd, request(SOCK_DESTROY, REQUEST | ACK, family, id, new Uint8Array(0)))
    for (const message of receive(c, fd)) if (view(message).getInt32(16, true) === 0) closed++
  }
  return closed
}

function isDenied(flow: Uint8Array, generation: number): boolean {
  const at = view(flow)
  const word = at.getUint32(FLOW.verdict, true)
  const refused = (word & 0xff) !== 0 && ((word >> 8) & 1) === 0
  return refused && at.getUint32(FLOW.generation, true) === generation && at.getUint8(FLOW.exempt) === 0
}

function request(
  type: number,
  flags: number,
  family: number,
  id: Uint8Array | undefined,
  tail: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(16 + 56 + tail.length)
  const at = view(bytes)
  at.setUint32(0, bytes.length, true)
  at.setUint16(4, type, true)
  at.setUint16(6, flags, true)
  bytes[16] = family
  bytes[17] = IPPROTO_TCP
  at.setUint32(20, 0xffffffff, true)
  if (id) bytes.set(id, 24)
  bytes.set(tail, 72)
  return bytes
}

function storageRequest(flowsFd: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const at = view(bytes)
  at.setUint16(0, 12, true)
  at.setUint16(2, REQ_STORAGES | NESTED, true)
  at.setUint16(4, 8, true)
  at.setUint16(6, STORAGE_REQ_FD, true)
  at.setUint32(8, flowsFd, true)
  return bytes
}

function storageOf(attributes: Uint8Array): Uint8Array | undefined {
  const storages = attribute(attributes, REPLY_STORAGES)
  const storage = storages && attribute(storages, STORAGE)
  return storage && attribute(storage, STORAGE_MAP_VALUE)
}

function attribute(bytes: Uint8Array, wanted: number): Uint8Array | undefined {
  const at = view(bytes)
  for (let offset = 0; offset + 4 <= bytes.length;) {
    const length = at.getUint16(offset, true)
    if (length < 4) return undefined
    if ((at.getUint16(offset + 2, true) & 0x3fff) === wanted) return bytes.subarray(offset + 4, offset + length)
    offset += (length + 3) & ~3
  }
  return undefined
}

function send(c: Calls, fd: number, bytes: Uint8Array): void {
  if (Number(c.send(fd, bytes, bytes.length, 0)) < 0)
    throw new KernelError('netlink-failed', 'sock_diag refused a request', 'run as root')
}

function* receive(c: Calls, fd: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(1 << 16)
  for (;;) {
    const length = Number(c.recv(fd, buffer, buffer.length, 0))
    if (length <= 0) return
    const at = view(buffer)
    for (let offset = 0; offset + 16 <= length;) {
      const size = at.getUint32(offset, true)
      const type = at.getUint16(offset + 4, true)
      if (type === DONE) return
      yield buffer.subarray(offset, offset + size)
      if (type === ERROR) return
      offset += (size + 3) & ~3
    }
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
