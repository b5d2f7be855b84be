/** The addresses and ports of one packet, read from its own bytes. */
export type PacketHeaders = {
  /** IP protocol number of what follows the last extension header. */
  readonly transport: number
  /** 4 or 16 bytes. */
  readonly src: Uint8Array
  readonly dst: Uint8Array
  /** 0 for a protocol without ports; the identifier of an ICMP echo request is `srcPort`. */
  readonly srcPort: number
  readonly dstPort: number
}

/** The process that holds the socket. Nobody's when it was closed already; `exe` is null when its holders differ in it. */
export type SocketOwner = {
  readonly pid: number | null
  readonly exe: string | null
  readonly comm: string
  /** The number of the socket; null when it was closed already. */
  readonly socket: string | null
}

/** What is known when the first packet of a flow waits for its verdict. */
export type PacketFacts = PacketHeaders &
  SocketOwner & {
    readonly uid: number
    /** The number by which a SYN tells its connection from others between the same ports; null of another packet. */
    readonly syn: number | null
  }

/** `reject` answers the application at once (TCP reset, ICMP administratively prohibited); `drop` lets it wait. */
export type PacketVerdict = 'allow' | 'reject' | 'drop'

/** The flow's first octets decide: what its judge needs to know then. */
export type AwaitsHandshake<Facts> = { readonly awaits: Facts }

/** So many policies are told apart; a mark has room for them. */
export const GENERATIONS: number = 2 ** 16

/** The flow is let through by a rule that has a limit: every packet with octets is counted. */
export type CountsOctets<Facts> = {
  readonly counts: { readonly rule: number; readonly isMonitored: boolean; readonly facts: Facts }
}

/**
 * What becomes of a packet that waits. `await`: it may leave, and the octets of its connection are asked about. `count`: so may all that its
 * connection sends and gets, which is counted. `pass`: this one alone. `deaf`: all that the server says from now on may come in, unasked.
 */
export type PacketAnswer = PacketVerdict | 'await' | 'count' | 'pass' | 'deaf'

export type UnprivilegedEvent =
  | { readonly kind: 'decided'; readonly packet: PacketFacts; readonly verdict: PacketVerdict | 'await' | 'count' }
  | { readonly kind: 'decision-failed'; readonly packet: PacketFacts; readonly error: unknown }
  /** Packets dropped without asking: not IP, or more than could be held. */
  | { readonly kind: 'dropped'; readonly why: 'malformed' | 'overflow'; readonly count: number }
  | { readonly kind: 'warning'; readonly text: string }
