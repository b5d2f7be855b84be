import { KernelError } from './kernel-error.ts'
import { NetlinkSocket } from './netlink-socket.ts'

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
/** Values of a verdict; a flow whose handshake is awaited has another. */
const DENY = 1
const UNDETERMINED = 2

/** Offsets inside the kernel's record of a socket (struct flow). */
export const FLOW = { generation: 4, verdict: 48, over: 32, exempt: 38 } as const

/** Closes the TCP sockets of this network namespace whose last verdict, under the active generation, is a refusal. */
export function closeDenied(flowsFd: number, generation: number): number {
  using socket = new NetlinkSocket(NETLINK_SOCK_DIAG)
  return [2, 10].reduce((sum, family) => sum + closeFamily(socket, family, flowsFd, generation), 0)
}

type Connection = {
  /** 4 or 16 bytes. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
}

/** Ends one TCP connection of this network namespace: both its ends are told. */
export function closeConnection({ src, dst, srcPort, dstPort }: Connection): boolean {
  const id = new Uint8Array(48)
  const at = view(id)
  at.setUint16(0, srcPort)
  at.setUint16(2, dstPort)
  id.set(src, 4)
  id.set(dst, 20)
  // No cookie: whichever socket has these addresses.
  id.fill(0xff, 40)
  using socket = new NetlinkSocket(NETLINK_SOCK_DIAG)
  return destroy(socket, src.length === 4 ? 2 : 10, id)
}

function closeFamily(socket: NetlinkSocket, family: number, flowsFd: number, generation: number): number {
  const denied: Uint8Array[] = []
  send(socket, request(SOCK_DIAG_BY_FAMILY, REQUEST | DUMP, family, undefined, storageRequest(flowsFd)))
  for (const message of receive(socket)) {
    const flow = storageOf(message.subarray(16 + 72))
    if (flow && isDenied(flow, generation)) denied.push(message.slice(16 + 4, 16 + 4 + 48))
  }
  return denied.filter((id) => destroy(socket, family, id)).length
}

function destroy(socket: NetlinkSocket, family: number, id: Uint8Array): boolean {
  send(socket, request(SOCK_DESTROY, REQUEST | ACK, family, id, new Uint8Array(0)))
  return receive(socket).some((message) => view(message).getInt32(16, true) === 0)
}

function isDenied(flow: Uint8Array, generation: number): boolean {
  const at = view(flow)
  const word = at.getUint32(FLOW.verdict, true)
  const stops = [DENY, UNDETERMINED].includes(word & 0xff) || at.getUint8(FLOW.over) !== 0
  const refused = stops && ((word >> 8) & 1) === 0
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

function send(socket: NetlinkSocket, bytes: Uint8Array): void {
  if (!socket.send(bytes)) throw new KernelError('netlink-failed', 'sock_diag refused a request', 'run as root')
}

function* receive(socket: NetlinkSocket): Generator<Uint8Array> {
  const buffer = new Uint8Array(1 << 16)
  for (;;) {
    const datagram = socket.receive(buffer)
    if (datagram === null) return
    const at = view(datagram)
    for (let offset = 0; offset + 16 <= datagram.length;) {
      const size = at.getUint32(offset, true)
      const type = at.getUint16(offset + 4, true)
      if (type === DONE) return
      yield datagram.subarray(offset, offset + size)
      if (type === ERROR) return
      offset += (size + 3) & ~3
    }
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
