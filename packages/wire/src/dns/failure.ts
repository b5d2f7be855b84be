export type WireProblem =
  | 'short' // the octets end before the structure does
  | 'bad-label' // a label type that is reserved (RFC 6891 §5)
  | 'bad-pointer' // a compression pointer that does not point backward
  | 'long-name' // over 255 octets (RFC 1035 §3.1)
  | 'bad-rdata' // record data that does not have the form of its type
  | 'too-many-records'
  | 'trailing-bytes'

/** Why octets are not a message, and where the reader stood. */
export type WireFailure = { readonly failure: WireProblem; readonly offset: number }

export function isWireFailure(value: object): value is WireFailure {
  return 'failure' in value
}
