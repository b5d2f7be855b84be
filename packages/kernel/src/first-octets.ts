import { readRing, type RingReader } from './read-ring.ts'

/** What one side of a flow says first, as it passed. */
export type FirstOctets<Of> = {
  /** Of the flow, nanoseconds of CLOCK_BOOTTIME. */
  readonly sinceNs: bigint
  readonly of: Of
  readonly transport: 'tcp' | 'udp'
  readonly direction: 'client' | 'server'
  /** TCP: the number of the first of the octets. */
  readonly seq: number
  readonly bytes: Uint8Array
}

/** `struct first_octets` of bpf/first-octets.h */
const HEAD_BYTES = 64
const PIECE_BYTES = 2048
const TCP = 6
const BY_CLIENT = 0
/** As many as the ring holds: what was said before an end is read before it, and no more at once. */
const MOST_PIECES = 1024

type Options<Of> = {
  readonly fd: number
  /** What names the flow, of its 40 octets. */
  readonly decodeOf: (bytes: Uint8Array) => Of
  readonly onOctets: (octets: FirstOctets<Of>) => void
  /** Reads what was told of the flows before. */
  readonly before: () => void
}

export function readFirstOctets<Of>({ fd, decodeOf, onOctets, before }: Options<Of>): RingReader {
  const onRecord = (bytes: Uint8Array): void => onOctets(decodeFirstOctets(bytes, decodeOf))
  return readRing(fd, HEAD_BYTES + PIECE_BYTES, onRecord, { before, most: MOST_PIECES })
}

export function cookieOfOctets(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
}

function decodeFirstOctets<Of>(bytes: Uint8Array, decodeOf: (bytes: Uint8Array) => Of): FirstOctets<Of> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES)
  const length = Math.min(view.getUint32(52, true), PIECE_BYTES)
  return {
    sinceNs: view.getBigUint64(0, true),
    of: decodeOf(bytes.subarray(8, 48)),
    transport: bytes[56] === TCP ? 'tcp' : 'udp',
    direction: bytes[57] === BY_CLIENT ? 'client' : 'server',
    seq: view.getUint32(48, true),
    bytes: bytes.subarray(HEAD_BYTES, HEAD_BYTES + length),
  }
}
