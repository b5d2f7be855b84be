/** Records of bpf/maps.h about flows whose handshake is awaited. */
export const KEY_BYTES = 32
export const ORIGIN_BYTES = 40
export const TICKET_BYTES = 144
export const FINDING_BYTES = 296
export const GREETING_HEAD: number = KEY_BYTES + 8
export const GREETING_BYTES: number = GREETING_HEAD + 1400

const PROTOCOL_BYTES = 16
const NAME_BYTES = 255
const VERDICTS = { allow: 0, deny: 1 } as const
/** In the place of how a flow is refused. */
const LIMITED = 3
const NO_RULE = 0xffffffff
const PROTOCOL_AT = 24
const NAME_AT = 40
const HOWS = { reject: 0, drop: 1, sinkhole: 2 } as const
const TCP = 6
const UDP = 17

/** One flow of one socket, as the kernel names it: 32 octets as text, so that equal keys are equal. */
export type FlowKey = string & { readonly brand: 'FlowKey' }

export type FlowTarget = { readonly addr: Uint8Array; readonly port: number; readonly ipproto: number }

/** A flow whose handshake is awaited, wherever it is seen. */
export type Awaited = {
  readonly generation: number
  readonly sinceNs: bigint
  /** 16 bytes. */
  readonly dst: Uint8Array
  /** TCP: the number of the client's first octet; null while its server has not said. Without it the first packet seen tells. */
  readonly first?: number | null
}

/** One that the kernel has walked the image for. */
export type Resumable = Awaited & {
  /** Where in the image the walk stopped. */
  readonly resume: number
}

/** What the kernel knows of one that a process of this host began. */
export type Ticket = Resumable & {
  readonly pid: number
  readonly tgid: number
  readonly uid: number
  readonly exeDev: bigint
  readonly exeIno: bigint
  readonly cgroup: bigint
  readonly comm: string
}

/** The verdict under one generation, and what it rests on: a later generation is judged by the same. */
export type Finding = {
  readonly generation: number
  readonly verdict: 'allow' | 'deny'
  readonly mode: 'enforce' | 'monitor'
  readonly how: 'reject' | 'drop' | 'sinkhole'
  /** Whether the octets were what they should be. */
  readonly trusted: boolean
  readonly ech: boolean
  readonly protocol: string
  readonly name: string
  /** The rule that lets it through, where that has a limit. */
  readonly limitedRule: number | null
}

export type Greeting = { readonly key: FlowKey; readonly seq: number; readonly bytes: Uint8Array }

export function keyOf(bytes: Uint8Array): FlowKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, KEY_BYTES).toString('latin1') as FlowKey
}

export function keyBytes(key: FlowKey): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'latin1'))
}

/** Of the flow's socket. */
export function cookieOf(key: FlowKey): bigint {
  return viewOf(keyBytes(key)).getBigUint64(0, true)
}

export function targetOf(key: FlowKey): FlowTarget {
  const bytes = keyBytes(key)
  return { addr: bytes.slice(8, 24), port: viewOf(bytes).getUint16(24, true), ipproto: bytes[26]! }
}

type Endpoints = {
  readonly transport: 'tcp' | 'udp'
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
}

/** The key of the map `origins`: what a packet says of itself. */
export function originBytes({ transport, src, dst, srcPort, dstPort }: Endpoints): Uint8Array {
  const bytes = new Uint8Array(ORIGIN_BYTES)
  const view = viewOf(bytes)
  bytes.set(mapped(dst), 0)
  view.setUint16(16, dstPort, true)
  bytes[18] = transport === 'tcp' ? TCP : UDP
  bytes.set(mapped(src), 20)
  view.setUint16(36, srcPort, true)
  return bytes
}

/** The key of a flow: the socket's cookie and the target of its origin. */
export function keyOfOrigin(cookie: Uint8Array, origin: Uint8Array): FlowKey {
  const bytes = new Uint8Array(KEY_BYTES)
  bytes.set(cookie, 0)
  bytes.set(origin.subarray(0, 20), 8)
  return keyOf(bytes)
}

export function decodeTicket(key: FlowKey, bytes: Uint8Array): Ticket {
  const view = viewOf(bytes)
  const comm = bytes.subarray(128, 144)
  const end = comm.indexOf(0)
  return {
    generation: view.getUint32(0, true),
    resume: view.getUint32(4, true),
    sinceNs: view.getBigUint64(8, true),
    dst: targetOf(key).addr,
    pid: view.getUint32(16, true),
    tgid: view.getUint32(20, true),
    uid: view.getUint32(24, true),
    exeDev: view.getBigUint64(32, true),
    exeIno: view.getBigUint64(40, true),
    cgroup: view.getBigUint64(48, true),
    comm: new TextDecoder().decode(comm.subarray(0, end < 0 ? 16 : end)),
  }
}

/** Both sides read and write `struct finding` of bpf/finding.h. */
export function encodeFinding(finding: Finding): Uint8Array {
  const bytes = new Uint8Array(FINDING_BYTES)
  const view = viewOf(bytes)
  const name = new TextEncoder().encode(finding.name).subarray(0, NAME_BYTES)
  const mode = finding.mode === 'monitor' ? 1 : 0
  view.setUint32(0, finding.generation, true)
  const how = finding.limitedRule === null ? HOWS[finding.how] : LIMITED
  view.setUint32(4, VERDICTS[finding.verdict] | (mode << 8) | (how << 16), true)
  view.setUint32(8, (finding.trusted ? 1 : 0) | (finding.ech ? 2 : 0), true)
  view.setUint32(12, name.length, true)
  view.setUint32(16, finding.limitedRule ?? NO_RULE, true)
  bytes.set(new TextEncoder().encode(finding.protocol).subarray(0, PROTOCOL_BYTES), PROTOCOL_AT)
  bytes.set(name, NAME_AT)
  return bytes
}

export function decodeFinding(bytes: Uint8Array): Finding {
  const view = viewOf(bytes)
  const word = view.getUint32(4, true)
  const facts = view.getUint32(8, true)
  const length = Math.min(view.getUint32(12, true), NAME_BYTES)
  const protocol = bytes.subarray(PROTOCOL_AT, NAME_AT)
  const rule = view.getUint32(16, true)
  const end = protocol.indexOf(0)
  const text = (part: Uint8Array): string => new TextDecoder().decode(part)
  return {
    generation: view.getUint32(0, true),
    verdict: (word & 0xff) === VERDICTS.allow ? 'allow' : 'deny',
    mode: ((word >> 8) & 1) === 1 ? 'monitor' : 'enforce',
    how: (['reject', 'drop', 'sinkhole'] as const)[(word >> 16) & 0xff] ?? 'reject',
    trusted: (facts & 1) === 1,
    ech: (facts & 2) === 2,
    protocol: text(protocol.subarray(0, end < 0 ? PROTOCOL_BYTES : end)),
    name: text(bytes.subarray(NAME_AT, NAME_AT + length)),
    limitedRule: rule === NO_RULE ? null : rule,
  }
}

export function decodeGreeting(bytes: Uint8Array): Greeting {
  const view = viewOf(bytes)
  const length = Math.min(view.getUint32(KEY_BYTES + 4, true), GREETING_BYTES - GREETING_HEAD)
  return {
    key: keyOf(bytes),
    seq: view.getUint32(KEY_BYTES, true),
    bytes: bytes.slice(GREETING_HEAD, GREETING_HEAD + length),
  }
}

/** IPv4 in the form in which the kernel judges it. */
export function mapped(address: Uint8Array): Uint8Array {
  if (address.length === 16) return isNat64(address) ? mapped(address.subarray(12)) : address
  const bytes = new Uint8Array(16)
  bytes.fill(0xff, 10, 12)
  bytes.set(address, 12)
  return bytes
}

/** RFC 6052: the well-known prefix denotes the IPv4 address in its last 32 bits; the kernel judges that one. */
function isNat64(address: Uint8Array): boolean {
  const prefix = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
  return prefix.every((octet, index) => address[index] === octet)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
