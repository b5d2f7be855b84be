export const TRANSPORTS = ['tcp', 'udp', 'sctp', 'icmp'] as const
/** `other` is any IP protocol that is none of the named ones. */
export type Transport = (typeof TRANSPORTS)[number] | 'other'

/** IANA protocol numbers; ICMPv6 is `icmp`. */
export function transportFromProtocolNumber(number: number): Transport {
  return number === 6
    ? 'tcp'
    : number === 17
      ? 'udp'
      : number === 132
        ? 'sctp'
        : number === 1 || number === 58
          ? 'icmp'
          : 'other'
}
