import { internetChecksum } from './internet-checksum.ts'
import { ipHeader } from './ip-header.ts'

type Datagram = {
  /** 4 or 16 bytes, as `dst`. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
  readonly payload: Uint8Array
}

const UDP = 17
const ICMP = { protocol: 1, type: 3, code: 13 } as const
const ICMPV6 = { protocol: 58, type: 1, code: 1 } as const
const ICMP_BYTES = 8

/**
 * What tells the sender of a datagram that it is administratively prohibited, with its IP header: RFC 1812 §5.2.7.1 and
 * RFC 4443 §3.1. The sender is this host, and this host says it.
 */
export function unreachablePacket(datagram: Datagram): Uint8Array {
  const { src } = datagram
  const { protocol, type, code } = src.length === 4 ? ICMP : ICMPV6
  const quoted = quote(datagram)
  const message = new Uint8Array(ICMP_BYTES + quoted.length)
  message.set([type, code])
  message.set(quoted, ICMP_BYTES)
  const pseudo = Uint8Array.of(...src, ...src, 0, 0, 0, message.length, 0, 0, 0, protocol)
  const sum = src.length === 4 ? internetChecksum(message) : internetChecksum(pseudo, message)
  new DataView(message.buffer).setUint16(2, sum)
  return Uint8Array.of(...ipHeader(src, src, protocol, message.length), ...message)
}

/** Its IP header and its ports, by which its socket is found. */
function quote({ src, dst, srcPort, dstPort, payload }: Datagram): Uint8Array {
  const udp = new Uint8Array(8)
  const view = new DataView(udp.buffer)
  view.setUint16(0, srcPort)
  view.setUint16(2, dstPort)
  view.setUint16(4, udp.length + payload.length)
  return Uint8Array.of(...ipHeader(src, dst, UDP, udp.length + payload.length), ...udp)
}
