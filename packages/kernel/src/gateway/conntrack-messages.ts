import { NETFILTER_HEADER_BYTES, netfilterMessage } from '../netfilter-message.ts'
import { attribute, attributesOf, big16, big32, nested, viewOf } from '../netlink-attributes.ts'

/** Messages of ctnetlink (linux/netfilter/nfnetlink_conntrack.h) about one entry of connection tracking. */

export type FlowEnds = {
  readonly ipproto: number
  /** 4 or 16 octets, as they are in its packets. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  readonly srcPort: number
  readonly dstPort: number
}

export type ConntrackEntry = {
  /** Bits of `enum ip_conntrack_status`. */
  readonly status: number
  /** `enum tcp_conntrack`; null for other protocols. */
  readonly tcpState: number | null
  /** Where its server's packets go. */
  readonly answeredAt: { readonly address: Uint8Array; readonly port: number } | null
}

export const ESTABLISHED = 3

/** Out of the window is no error; neither is what an end has acknowledged or still has to, which nobody keeps up with. */
export const LIBERAL = { flags: 0x08, mask: 0x38 } as const

export type ConntrackChange = { readonly tcpFlags?: typeof LIBERAL; readonly timeoutSeconds?: number }

const CTNETLINK = 1 << 8
const NEW = CTNETLINK
const GET = CTNETLINK | 1
const REQUEST = 1
const ACK = 4
const ERROR = 2
const AF_INET = 2
const AF_INET6 = 10
const CTA = { tupleOrig: 1, tupleReply: 2, status: 3, protoinfo: 4, timeout: 7 } as const
const TUPLE = { ip: 1, proto: 2 } as const
const ADDRESS = { 4: { from: 1, to: 2 }, 16: { from: 3, to: 4 } } as const
const PROTO = { number: 1, sourcePort: 2, destinationPort: 3 } as const
const TCP = { all: 1, state: 1, flagsOriginal: 4, flagsReply: 5 } as const

export function askForEntry(ends: FlowEnds): Uint8Array {
  return message(GET, REQUEST, ends.src.length, tuple(ends))
}

/** Of the entry that is there: none is made. */
export function changeEntry(ends: FlowEnds, { tcpFlags, timeoutSeconds }: ConntrackChange): Uint8Array {
  const flags = tcpFlags === undefined ? null : Uint8Array.of(tcpFlags.flags, tcpFlags.mask)
  const attributes = [
    tuple(ends),
    ...(flags === null
      ? []
      : [
          nested(CTA.protoinfo, nested(TCP.all, attribute(TCP.flagsOriginal, flags), attribute(TCP.flagsReply, flags))),
        ]),
    ...(timeoutSeconds === undefined ? [] : [attribute(CTA.timeout, big32(timeoutSeconds))]),
  ]
  return message(NEW, REQUEST | ACK, ends.src.length, ...attributes)
}

/** The errno of an answer that says so, positive; 0 for one that agrees; null for another message. */
export function answeredError(bytes: Uint8Array): number | null {
  const view = viewOf(bytes)
  return bytes.length >= NETFILTER_HEADER_BYTES && view.getUint16(4, true) === ERROR
    ? Math.abs(view.getInt32(16, true))
    : null
}

export function decodeEntry(bytes: Uint8Array): ConntrackEntry | null {
  const view = viewOf(bytes)
  if (bytes.length < NETFILTER_HEADER_BYTES || view.getUint16(4, true) !== NEW) return null
  const all = attributesOf(bytes.subarray(NETFILTER_HEADER_BYTES, view.getUint32(0, true)))
  const status = all.get(CTA.status)
  if (status?.length !== 4) return null
  const tcp = attributesOf(attributesOf(all.get(CTA.protoinfo)).get(TCP.all))
  const tcpState = tcp.get(TCP.state)?.[0] ?? null
  return { status: viewOf(status).getUint32(0), tcpState, answeredAt: destinationOf(all.get(CTA.tupleReply)) }
}

function destinationOf(tupleBytes: Uint8Array | undefined): ConntrackEntry['answeredAt'] {
  const parts = attributesOf(tupleBytes)
  const addresses = attributesOf(parts.get(TUPLE.ip))
  const address = addresses.get(ADDRESS[4].to) ?? addresses.get(ADDRESS[16].to)
  const port = attributesOf(parts.get(TUPLE.proto)).get(PROTO.destinationPort)
  return address === undefined || port?.length !== 2 ? null : { address, port: viewOf(port).getUint16(0) }
}

function message(type: number, flags: number, addressBytes: number, ...attributes: readonly Uint8Array[]): Uint8Array {
  return netfilterMessage({ type, flags, family: addressBytes === 4 ? AF_INET : AF_INET6 }, ...attributes)
}

function tuple({ ipproto, src, dst, srcPort, dstPort }: FlowEnds): Uint8Array {
  const { from, to } = ADDRESS[src.length as 4 | 16]
  return nested(
    CTA.tupleOrig,
    nested(TUPLE.ip, attribute(from, src), attribute(to, dst)),
    nested(
      TUPLE.proto,
      attribute(PROTO.number, Uint8Array.of(ipproto)),
      attribute(PROTO.sourcePort, big16(srcPort)),
      attribute(PROTO.destinationPort, big16(dstPort)),
    ),
  )
}
