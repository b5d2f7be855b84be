/** Why the octets are no message that every reader takes for the same; all but the limits are ways of request smuggling. */
const MESSAGE_PROBLEMS = [
  'bare-line-end', // CR or LF alone
  'bad-request-line',
  'bad-status-line',
  'bad-version',
  'bad-field', // no colon, space before it, an octet that no name or value may have
  'folded-field', // obs-fold (RFC 9112 §5.2)
  'head-too-large',
  'too-many-fields',
  'doubled-host',
  'missing-host',
  'doubled-length',
  'bad-length',
  'length-and-coding', // Content-Length beside Transfer-Encoding (RFC 9112 §6.1)
  'unknown-coding',
  'coding-in-http-1.0',
  'body-not-allowed',
  'disguised-field', // a framing field spelled so that only some readers see it
  'bad-connection-field', // Connection names a field that must stay
  'bad-chunk',
  'bad-trailer',
  'bad-pseudo-field', // HTTP/2: unknown, doubled, behind the fields, or not what the request needs (RFC 9113 §8.3)
  'connection-field', // HTTP/2: a field of HTTP/1.1's connection (RFC 9113 §8.2.2)
] as const
export type MessageProblem = (typeof MESSAGE_PROBLEMS)[number]

export type MessageFailure = {
  readonly problem: MessageProblem
  /** Octets from the start of the head, or of the chunked body, to where it was seen. */
  readonly offset: number
}

export function isMessageFailure(value: object): value is MessageFailure {
  return 'problem' in value
}
