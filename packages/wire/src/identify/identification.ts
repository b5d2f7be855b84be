/** How much the bytes prove: `high` is a structure no other protocol has, `medium` a likely one, `low` a part of one. */
export type Confidence = 'high' | 'medium' | 'low'

/** The octets that the answer rests on: offset into the direction's stream, or into the datagram. */
export type Evidence = { readonly offset: number; readonly length: number; readonly what: string }

/** Why the name of a connection must not be trusted, although the protocol is known. */
export type NameProblem =
  | 'doubled-server-name' // more than one name stated (RFC 6066 §3, RFC 9112 §3.2)
  | 'malformed-server-name' // not one host name
  | 'malformed-handshake' // a hello whose lengths do not add up
  | 'incomplete-handshake' // the bytes end, or their bound is reached, before the name could be read
  | 'undecipherable' // a QUIC Initial that its keys do not open

/** Encrypted ClientHello (RFC 9849): the name beside it is the outer one and may hide another; GREASE looks the same. */
type Ech = 'outer'

export type Found = {
  readonly state: 'identified'
  /** A protocol word of the policy language, or a finer word (docs/reference/protocols.md). */
  readonly protocol: string
  /** Host name or address as the client states it, in lower case, without port. */
  readonly name: string | null
  readonly problem: NameProblem | null
  readonly alpn: readonly string[] | null
  readonly ja4: string | null
  readonly ech: Ech | null
  /** Method and target of the first HTTP request. */
  readonly request: { readonly method: string; readonly path: string } | null
  readonly confidence: Confidence
  readonly evidence: Evidence
}

export type Identification =
  | { readonly state: 'need-more' }
  | Found
  | { readonly state: 'unknown'; readonly why: 'no-protocol-matches' | 'no-bytes' | 'ended-early' | 'limit-reached' }

/** Hashes and ciphers, given by the caller because this package is pure; all synchronous. */
export type HandshakeCrypto = {
  /** Null where nobody asks for JA4, which costs more than all else of a hello of TLS. */
  readonly sha256: ((data: Uint8Array) => Uint8Array) | null
  readonly hmacSha256: (key: Uint8Array, data: Uint8Array) => Uint8Array
  /** One block of 16 octets under AES-128-ECB, no padding. */
  readonly aesEcbBlock: (key: Uint8Array, block: Uint8Array) => Uint8Array
  /** AES-128-GCM; null when the tag (the last 16 octets of `sealed`) does not hold. */
  readonly aesGcmOpen: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => Uint8Array | null
}

/** What a recogniser says of the bytes so far: a match and `no` are final whatever bytes follow. */
export type Sight =
  | Found
  | 'no'
  | {
      readonly state: 'more'
      /** Looking again is of no use before the direction has so many octets. */
      readonly need: number
      /** The answer if nothing more comes. */
      readonly partial: Found | null
    }

type Details = Partial<Omit<Found, 'state' | 'protocol' | 'evidence'>>

/** A match with the octets that prove it. */
export function found(protocol: string, offset: number, length: number, what: string, details: Details = {}): Found {
  return {
    state: 'identified',
    protocol,
    name: null,
    problem: null,
    alpn: null,
    ja4: null,
    ech: null,
    request: null,
    confidence: 'high',
    evidence: { offset, length, what },
    ...details,
  }
}

export function more(need: number, partial: Found | null = null): Sight {
  return { state: 'more', need, partial }
}
