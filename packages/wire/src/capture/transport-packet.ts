import { u16, u32, u8 } from '../identify/octets.ts'
import type { IpPacket } from './ip-packet.ts'

type TcpHeader = {
  readonly sequence: number
  readonly syn: boolean
  readonly ack: boolean
  readonly fin: boolean
  readonly rst: boolean
}

/** A packet with its endpoints; ports are null for transports without. */
export type TransportPacket = {
  readonly transport: string
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly sourcePort: number | null
  readonly destinationPort: number | null
  /** Endpoint of the sender, and the flow that it belongs to in either direction, as keys. */
  readonly sourceKey: string
  readonly flowKey: string
  readonly tcp: TcpHeader | null
  readonly payload: Uint8Array
}

const TRANSPORTS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmpv6',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  113: 'pgm',
  132: 'sctp',
}

/** Null for the pieces of a packet whose header is missing. */
export function readTransportPacket(ip: IpPacket): TransportPacket | null {
  const transport = TRANSPORTS[ip.protocol] ?? `ip-${ip.protocol}`
  const { payload } = ip
  if (transport === 'tcp') {
    const header = (u8(payload, 12) >> 4) * 4
    if (payload.length < 20 || header < 20) return null
    const flags = u8(payload, 13)
    const has = (bit: number): boolean => (flags & bit) !== 0
    const tcp = { sequence: u32(payload, 4), fin: has(1), syn: has(2), rst: has(4), ack: has(16) }
    return build(ip, transport, true, tcp, payload.subarray(header))
  }
  if (transport === 'udp') {
    if (payload.length < 8) return null
    const length = u16(payload, 4)
    // 0 for jumbograms, and where the sender's card segments.
    const end = length < 8 ? payload.length : Math.min(length, payload.length)
    return build(ip, transport, true, null, payload.subarray(8, end))
  }
  return build(ip, transport, transport === 'sctp' && payload.length >= 12, null, payload)
}

function build(
  ip: IpPacket,
  transport: string,
  hasPorts: boolean,
  tcp: TcpHeader | null,
  payload: Uint8Array,
): TransportPacket {
  const sourcePort = hasPorts ? u16(ip.payload, 0) : null
  const destinationPort = hasPorts ? u16(ip.payload, 2) : null
  const sourceKey = `${ip.source.join('.')}/${sourcePort}`
  const destinationKey = `${ip.destination.join('.')}/${destinationPort}`
  const pair = sourceKey < destinationKey ? `${sourceKey}-${destinationKey}` : `${destinationKey}-${sourceKey}`
  const { source, destination } = ip
  // Copies: the packet outlives the piece of the file that it was read from.
  return {
    transport,
    source: new Uint8Array(source),
    destination: new Uint8Array(destination),
    sourcePort,
    destinationPort,
    sourceKey,
    flowKey: `${transport}:${pair}`,
    tcp,
    payload,
  }
}
