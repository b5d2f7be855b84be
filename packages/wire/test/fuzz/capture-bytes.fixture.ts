import { octets } from './random.ts'

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]
const u32le = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255]

type Segment = { readonly ports: readonly [number, number]; readonly flags: number; readonly sequence: number }

const join = (...parts: readonly (readonly number[])[]): number[] => parts.flat()

const tcp = ({ ports, flags, sequence }: Segment, data: Uint8Array): number[] =>
  join(ports.flatMap(u16), [0, 0], u16(sequence), [0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0], [...data])

const udp = (ports: readonly [number, number], data: Uint8Array): number[] =>
  join(ports.flatMap(u16), u16(8 + data.length), [0, 0], [...data])

const ipv4 = (protocol: number, payload: readonly number[], fragment = 0): number[] =>
  join(
    [0x45, 0, ...u16(20 + payload.length), 0, 7, ...u16(fragment), 64, protocol, 0, 0],
    [192, 0, 2, 1, 192, 0, 2, 2],
    payload,
  )

const ipv6 = (next: number, payload: readonly number[]): number[] =>
  join(
    [0x60, 0, 0, 0, ...u16(payload.length), next, 64],
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
    payload,
  )

const ethernet = (type: number, packet: readonly number[]): number[] =>
  join(new Array<number>(12).fill(2), u16(type), packet)

const request = octets('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
const question = Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 7, ...octets('example'), 0, 0, 1, 0, 1)
const opening = { ports: [40_000, 80], sequence: 100 } as const
const split = udp([5353, 53], question)

/** Packets of every way down to a transport that is read: VLAN, tunnels, fragments, extension headers. */
const FRAMES: readonly (readonly number[])[] = [
  ethernet(0x0800, ipv4(6, tcp({ ...opening, flags: 2 }, new Uint8Array(0)))),
  ethernet(0x0800, ipv4(6, tcp({ ...opening, sequence: 111, flags: 0x18 }, request.subarray(10)))),
  ethernet(0x0800, ipv4(6, tcp({ ...opening, sequence: 101, flags: 0x18 }, request.subarray(0, 10)))),
  ethernet(0x0800, ipv4(17, udp([5353, 53], question))),
  ethernet(0x0800, ipv4(17, split.slice(0, 16), 0x2000)),
  ethernet(0x0800, ipv4(17, split.slice(16), 2)),
  ethernet(0x8100, [0, 5, 8, 0, ...ipv4(17, udp([1, 53], question))]),
  ethernet(0x86dd, ipv6(17, udp([1, 53], question))),
  ethernet(0x86dd, ipv6(0, [17, 0, 1, 4, 0, 0, 0, 0, ...udp([2, 53], question)])),
  ethernet(0x86dd, ipv6(44, [17, 0, 0, 1, 0, 0, 0, 9, ...udp([3, 53], question)])),
  ethernet(0x0800, ipv4(4, ipv4(17, udp([4, 53], question)))),
  ethernet(0x0800, ipv4(41, ipv6(17, udp([5, 53], question)))),
  ethernet(0x0800, ipv4(47, [0, 0, 8, 0, ...ipv4(17, udp([6, 53], question))])),
  ethernet(
    0x0800,
    ipv4(
      17,
      udp([7, 4789], Uint8Array.from([8, 0, 0, 0, 0, 0, 9, 0, ...ethernet(0x0800, ipv4(17, udp([7, 53], question)))])),
    ),
  ),
  ethernet(
    0x0800,
    ipv4(17, udp([2152, 2152], Uint8Array.from([0x30, 0xff, 0, 60, 0, 0, 0, 1, ...ipv4(17, udp([8, 53], question))]))),
  ),
  ...[
    [0, 0, 0x65, 0x58],
    [0x10, 0, 0x88, 0xbe, ...new Array<number>(12).fill(0)],
    [0, 0, 0x22, 0xeb, ...new Array<number>(11).fill(0), 1, ...new Array<number>(8).fill(0)],
  ].map((head) => ethernet(0x0800, ipv4(47, [...head, ...ethernet(0x0800, ipv4(17, udp([9, 53], question)))]))),
  ethernet(0x0800, ipv4(47, [0x30, 0x81, 0x88, 0x0b, 0, 9, ...new Array<number>(10).fill(0), 0xff, 3, 0, 0x21])),
  ethernet(0x0800, ipv4(17, udp([7, 6081], Uint8Array.of(1, 0, 0x65, 0x58, ...new Array<number>(8).fill(0))))),
  ethernet(0x0800, ipv4(17, udp([7, 1701], Uint8Array.of(0x4a, 2, 0, 9, 0, 1, 0, 1, 0, 2, 0, 0, 0xff, 3, 0, 0x21)))),
  ethernet(0x8847, [0, 1, 0, 64, 0, 2, 1, 64, 0, 0, 0, 0, ...ethernet(0x0800, ipv4(17, udp([10, 53], question)))]),
]

const zeros = (count: number): number[] => new Array<number>(count).fill(0)
const SNAP = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]

/** What stands before an IP packet, by the link type of the capture. */
const LINK_HEADERS: Readonly<Record<number, readonly number[]>> = {
  0: [2, 0, 0, 0],
  9: [0xff, 3, 0, 0x21],
  104: [0x0f, 0, 8, 0],
  105: [8, 1, ...zeros(22), ...SNAP],
  113: [...zeros(14), 8, 0],
  117: [61, 2, ...zeros(62)],
  127: [0, 0, 8, 0, ...zeros(4), 0x88, 1, ...zeros(24), ...SNAP],
  239: [2, 0, 0, 0, 5, 0, 10, 0, 0x41, 0, 0, 0, 80, 0, 9, 0],
  276: [0x81, 0, ...zeros(20), 8, 0],
}

/** A pcap with one packet of each link type. */
export const linkCaptures = (): Uint8Array[] =>
  Object.entries(LINK_HEADERS).map(([type, head]) =>
    pcapOf(Number(type), [[...head, ...ipv4(17, udp([11, 53], question))]]),
  )

/** A pcap of Ethernet with all frames. */
export const pcapBytes = (): Uint8Array => pcapOf(1, FRAMES)

function pcapOf(linkType: number, frames: readonly (readonly number[])[]): Uint8Array {
  const head = [...u32le(0xa1b2c3d4), 2, 0, 4, 0, ...new Array<number>(8).fill(0), ...u32le(65_535), ...u32le(linkType)]
  const records = frames.map((frame, at) => [
    ...u32le(at),
    ...u32le(0),
    ...u32le(frame.length),
    ...u32le(frame.length),
    ...frame,
  ])
  return Uint8Array.from([...head, ...records.flat()])
}

/** The same as pcapng: section, interface, then enhanced and simple packet blocks. */
export function pcapngBytes(): Uint8Array {
  const block = (type: number, body: readonly number[]): number[] => {
    const padded = [...body, ...new Array<number>((4 - (body.length % 4)) % 4).fill(0)]
    const length = u32le(12 + padded.length)
    return [...u32le(type), ...length, ...padded, ...length]
  }
  const section = block(0x0a0d0d0a, [...u32le(0x1a2b3c4d), 1, 0, 0, 0, ...new Array<number>(8).fill(0xff)])
  const device = block(1, [1, 0, 0, 0, ...u32le(65_535), 9, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0])
  const packets = FRAMES.map((frame, at) =>
    at % 3 === 0
      ? block(3, [...u32le(frame.length), ...frame])
      : block(6, [...u32le(0), ...u32le(0), ...u32le(at), ...u32le(frame.length), ...u32le(frame.length), ...frame]),
  )
  return Uint8Array.from([...section, ...device, ...packets.flat()])
}
