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
export type SocketOwner = { readonly pid: number | null; readonly exe: string | null; readonly comm: string }

/** What is known when the first packet of a flow waits for its verdict. */
export type PacketFacts = PacketHeaders & SocketOwner & { readonly uid: number }

/** `reject` answers the application at once (TCP reset, ICMP administratively prohibited); `drop` lets it wait. */
export type PacketVerdict = 'allow' | 'reject' | 'drop'

export type UnprivilegedEvent =
  | { readonly kind: 'decided'; readonly packet: PacketFacts; readonly verdict: PacketVerdict }
  | { readonly kind: 'decision-failed'; readonly packet: PacketFacts; readonly error: unknown }
  /** Packets dropped without asking: not IP, or more than could be held. */
  | { readonly kind: 'dropped'; readonly why: 'malformed' | 'overflow'; readonly count: number }
  | { readonly kind: 'warning'; readonly text: string }
