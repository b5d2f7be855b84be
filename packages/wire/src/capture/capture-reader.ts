import { concat, u16, u32, u32le, u8 } from '../identify/octets.ts'

/** One packet as it was captured. */
export type CapturedPacket = {
  readonly linkType: number
  readonly timeMs: number
  readonly bytes: Uint8Array
}

type CaptureProblem =
  | 'not-a-capture' // neither pcap nor pcapng
  | 'bad-block' // a length that cannot be
  | 'packet-too-large'
  | 'truncated' // the file ends inside a packet

/** Where reading stopped, and why: `offset` counts octets of the file. */
export type CaptureFailure = { readonly failure: CaptureProblem; readonly offset: number }

// libpcap's MAXIMUM_SNAPLEN, and room for the options of a block.
const LONGEST_BLOCK = 262_144 + 65_536
const PCAP = { micros: 0xa1b2c3d4, nanos: 0xa1b23c4d, modified: 0xa1b2cd34 } as const
const SECTION = 0x0a0d0d0a
const BLOCK = { interface: 1, simple: 3, packet: 6, obsoletePacket: 2 } as const

type Interface = { readonly linkType: number; readonly ticksPerMs: number }
type Format = 'unknown' | 'pcap' | 'pcapng'

/** Reads pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng) files that come in pieces. Never throws. */
export class CaptureReader {
  #rest: Uint8Array = new Uint8Array(0)
  #offset = 0
  #format: Format = 'unknown'
  #littleEndian = true
  #pcap: Interface & { readonly recordHeader: number } = { linkType: 0, ticksPerMs: 1000, recordHeader: 16 }
  #interfaces: Interface[] = []
  #failure: CaptureFailure | null = null

  /** Set when the rest of the file cannot be read; packets before it are good. */
  get failure(): CaptureFailure | null {
    return this.#failure
  }

  push(piece: Uint8Array): CapturedPacket[] {
    const packets: CapturedPacket[] = []
    const bytes = this.#rest.length === 0 ? piece : concat([this.#rest, piece])
    let at = 0
    while (this.#failure === null) {
      const used = this.#step(bytes.subarray(at), packets)
      if (used === 0) break
      at += used
      this.#offset += used
    }
    this.#rest = this.#failure === null ? new Uint8Array(bytes.subarray(at)) : new Uint8Array(0)
    return packets
  }

  /** The file ends here. */
  finish(): void {
    if (this.#failure !== null) return
    if (this.#format === 'unknown') this.#fail('not-a-capture')
    else if (this.#rest.length > 0) this.#fail('truncated')
  }

  #fail(failure: CaptureProblem): 0 {
    this.#failure = { failure, offset: this.#offset }
    return 0
  }

  /** How many octets the next header, packet or block took; 0 when more are needed or reading failed. */
  #step(bytes: Uint8Array, packets: CapturedPacket[]): number {
    switch (this.#format) {
      case 'unknown':
        return this.#begin(bytes)
      case 'pcap':
        return this.#pcapPacket(bytes, packets)
      case 'pcapng':
        return this.#block(bytes, packets)
    }
  }

  #begin(bytes: Uint8Array): number {
    if (bytes.length < 4) return 0
    if (u32(bytes, 0) === SECTION) {
      this.#format = 'pcapng'
      return this.#block(bytes, [])
    }
    for (const littleEndian of [true, false]) {
      const magic = littleEndian ? u32le(bytes, 0) : u32(bytes, 0)
      if (magic !== PCAP.micros && magic !== PCAP.nanos && magic !== PCAP.modified) continue
      if (bytes.length < 24) return 0
      this.#littleEndian = littleEndian
      this.#format = 'pcap'
      this.#pcap = {
        linkType: this.#u32(bytes, 20) & 0xffff,
        ticksPerMs: magic === PCAP.nanos ? 1e6 : 1000,
        recordHeader: magic === PCAP.modified ? 24 : 16,
      }
      return 24
    }
    return this.#fail('not-a-capture')
  }

  #pcapPacket(bytes: Uint8Array, packets: CapturedPacket[]): number {
    const { linkType, ticksPerMs, recordHeader } = this.#pcap
    if (bytes.length < recordHeader) return 0
    const length = this.#u32(bytes, 8)
    if (length > LONGEST_BLOCK) return this.#fail('packet-too-large')
    const end = recordHeader + length
    if (bytes.length < end) return 0
    const timeMs = this.#u32(bytes, 0) * 1000 + this.#u32(bytes, 4) / ticksPerMs
    packets.push({ linkType, timeMs, bytes: bytes.subarray(recordHeader, end) })
    return end
  }

  #block(bytes: Uint8Array, packets: CapturedPacket[]): number {
    if (bytes.length < 12) return 0
    const isSection = u32(bytes, 0) === SECTION
    if (isSection) {
      const order = u32(bytes, 8)
      if (order !== 0x1a2b3c4d && order !== 0x4d3c2b1a) return this.#fail('bad-block')
      this.#littleEndian = order === 0x4d3c2b1a
    }
    const length = this.#u32(bytes, 4)
    if (length < 12 || length % 4 !== 0 || length > LONGEST_BLOCK) return this.#fail('bad-block')
    if (bytes.length < length) return 0
    if (isSection) this.#interfaces = []
    else this.#body(this.#u32(bytes, 0), bytes.subarray(8, length - 4), packets)
    return length
  }

  #body(type: number, body: Uint8Array, packets: CapturedPacket[]): void {
    if (type === BLOCK.interface) {
      if (this.#interfaces.length < 4096) this.#interfaces.push(this.#interface(body))
    } else if (type === BLOCK.packet || type === BLOCK.obsoletePacket) {
      const wide = type === BLOCK.packet
      const from = this.#interfaces[wide ? this.#u32(body, 0) : this.#u16(body, 0)]
      const length = Math.min(this.#u32(body, 12), body.length - 20)
      if (from === undefined || length <= 0) return
      const timeMs = (this.#u32(body, 4) * 2 ** 32 + this.#u32(body, 8)) / from.ticksPerMs
      packets.push({ linkType: from.linkType, timeMs, bytes: body.subarray(20, 20 + length) })
    } else if (type === BLOCK.simple) {
      const from = this.#interfaces[0]
      const length = Math.min(this.#u32(body, 0), body.length - 4)
      if (from !== undefined && length > 0) {
        packets.push({ linkType: from.linkType, timeMs: 0, bytes: body.subarray(4, 4 + length) })
      }
    }
  }

  /** Option 9 is the resolution of time: a power of 10, or of 2 with the highest bit. */
  #interface(body: Uint8Array): Interface {
    let ticksPerMs = 1000
    for (let at = 8; at + 4 <= body.length;) {
      const code = this.#u16(body, at)
      const length = this.#u16(body, at + 2)
      if (code === 0) break
      const value = u8(body, at + 4)
      if (code === 9 && length === 1) ticksPerMs = (value >= 0x80 ? 2 ** (value & 0x7f) : 10 ** value) / 1000
      at += 4 + ((length + 3) & ~3)
    }
    return { linkType: this.#u16(body, 0), ticksPerMs }
  }

  #u32(bytes: Uint8Array, at: number): number {
    return this.#littleEndian ? u32le(bytes, at) : u32(bytes, at)
  }

  #u16(bytes: Uint8Array, at: number): number {
    return this.#littleEndian ? u8(bytes, at) | (u8(bytes, at + 1) << 8) : u16(bytes, at)
  }
}
