import { REASONS, type Reason } from '@sallyport/policy'
import { SOCKS_REPLY, type SocksReply } from '@sallyport/wire'

export const ANSWER_REASONS = [
  'denied',
  'undetermined',
  'content-opaque',
  'icap-denied',
  'icap-failed',
  'special-address',
  'name-mismatch',
  'bad-handshake',
  'policy-failure',
  'bad-request',
  'bad-host',
  'host-mismatch',
  'not-for-a-proxy',
  'unsupported-scheme',
  'unsupported-method',
  'unsupported-version',
  'unsupported-command',
  'unsupported-address-type',
  'authentication-required',
  'head-too-large',
  'head-timeout',
  'body-too-large',
  'body-timeout',
  'bad-body',
  'limit-bytes-out',
  'limit-bytes-in',
  'limit-connections',
  'too-many-requests',
  'too-many-connections',
  'loop',
  'name-not-found',
  'resolve-failed',
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'parent-refused',
  'bad-certificate',
  'server-tls-failed',
  'inspection-refused',
  'response-timeout',
  'bad-response',
  'response-incomplete',
  'response-too-large',
] as const
export type AnswerReason = (typeof ANSWER_REASONS)[number]

type Answer = {
  readonly status: number
  readonly socks: SocksReply
  /** RFC 9209 §2.3. */
  readonly proxyStatus: string
  readonly title: string
}

const REQUEST = { status: 400, socks: SOCKS_REPLY.GENERAL_FAILURE, proxyStatus: 'http_request_error' } as const
const DENIED = { status: 403, socks: SOCKS_REPLY.NOT_ALLOWED, proxyStatus: 'http_request_denied' } as const
const UNREACHABLE = {
  status: 502,
  socks: SOCKS_REPLY.HOST_UNREACHABLE,
  proxyStatus: 'destination_unavailable',
} as const

/** Every way in which the proxy says no; docs/reference/proxy-answers.md lists the same, a test compares both. */
export const ANSWERS: Readonly<Record<AnswerReason, Answer>> = {
  denied: { ...DENIED, title: 'The policy denies this destination' },
  undetermined: { ...DENIED, title: 'The policy needs to know more than can be seen' },
  'content-opaque': { ...DENIED, title: 'The policy needs to know the content, and it cannot be read' },
  'icap-denied': { ...DENIED, title: 'The content service denies this' },
  'icap-failed': { ...UNREACHABLE, status: 503, title: 'The content service could not be asked' },
  'special-address': { ...DENIED, title: 'The address is not one of the Internet, and no rule names it' },
  'name-mismatch': { ...DENIED, title: 'The handshake names another host than the request' },
  'bad-handshake': { ...DENIED, title: 'The handshake states no single name' },
  'policy-failure': { ...DENIED, status: 500, title: 'The policy could not be asked' },
  'bad-request': { ...REQUEST, title: 'The request is malformed' },
  'bad-host': { ...REQUEST, title: 'The host is neither an address nor a name' },
  'host-mismatch': { ...REQUEST, title: 'Host names another host than the target' },
  'not-for-a-proxy': { ...REQUEST, title: 'The target names no host: this is a proxy' },
  'unsupported-scheme': { ...REQUEST, status: 501, title: 'Only http is fetched; use CONNECT for the rest' },
  'unsupported-method': { ...REQUEST, status: 405, title: 'The method is not passed on' },
  'unsupported-version': { ...REQUEST, status: 505, title: 'This version of HTTP is not spoken here' },
  'unsupported-command': {
    ...REQUEST,
    socks: SOCKS_REPLY.COMMAND_NOT_SUPPORTED,
    title: 'Only CONNECT is done for SOCKS',
  },
  'unsupported-address-type': {
    ...REQUEST,
    socks: SOCKS_REPLY.ADDRESS_TYPE_NOT_SUPPORTED,
    title: 'There is no such SOCKS address type',
  },
  'authentication-required': { ...DENIED, status: 407, title: 'The proxy must know who asks' },
  'head-too-large': { ...REQUEST, status: 431, title: 'The header is too large' },
  'head-timeout': { ...REQUEST, status: 408, title: 'The header did not come in time' },
  'body-too-large': { ...REQUEST, status: 413, title: 'The body is too large' },
  'body-timeout': { ...REQUEST, status: 408, title: 'The body did not come in time' },
  'bad-body': { ...REQUEST, title: 'The framing of the body is malformed' },
  'limit-bytes-out': { ...DENIED, status: 429, title: 'The rule lets no more octets out now' },
  'limit-bytes-in': { ...DENIED, status: 429, title: 'The rule lets no more octets in now' },
  'limit-connections': { ...DENIED, status: 429, title: 'The rule lets no more connections through now' },
  'too-many-requests': { ...DENIED, status: 429, title: 'Too many requests from this address' },
  'too-many-connections': { ...DENIED, status: 503, title: 'Too many connections' },
  loop: { ...REQUEST, status: 508, proxyStatus: 'proxy_loop_detected', title: 'The request has been here before' },
  'name-not-found': { ...UNREACHABLE, proxyStatus: 'dns_error', title: 'The name has no address' },
  'resolve-failed': {
    ...UNREACHABLE,
    status: 504,
    proxyStatus: 'dns_timeout',
    title: 'The name could not be looked up',
  },
  'connect-refused': {
    ...UNREACHABLE,
    socks: SOCKS_REPLY.CONNECTION_REFUSED,
    proxyStatus: 'connection_refused',
    title: 'The server refused the connection',
  },
  'connect-timeout': {
    ...UNREACHABLE,
    status: 504,
    socks: SOCKS_REPLY.TTL_EXPIRED,
    proxyStatus: 'connection_timeout',
    title: 'The server did not answer',
  },
  'connect-failed': { ...UNREACHABLE, title: 'The server cannot be reached' },
  'parent-refused': { ...UNREACHABLE, title: 'The next proxy refused the connection' },
  'bad-certificate': {
    ...UNREACHABLE,
    proxyStatus: 'tls_certificate_error',
    title: 'The certificate of the server does not hold',
  },
  'server-tls-failed': {
    ...UNREACHABLE,
    proxyStatus: 'tls_protocol_error',
    title: 'No TLS connection to the server could be made',
  },
  'inspection-refused': {
    ...UNREACHABLE,
    proxyStatus: 'tls_protocol_error',
    title: 'The client did not take the certificate of the proxy',
  },
  'response-timeout': {
    ...UNREACHABLE,
    status: 504,
    proxyStatus: 'http_response_timeout',
    title: 'The server did not answer the request in time',
  },
  'bad-response': {
    ...UNREACHABLE,
    proxyStatus: 'http_protocol_error',
    title: 'The answer of the server is malformed',
  },
  'response-incomplete': {
    ...UNREACHABLE,
    proxyStatus: 'http_response_incomplete',
    title: 'The server closed before its answer was whole',
  },
  'response-too-large': {
    ...UNREACHABLE,
    proxyStatus: 'http_response_body_size',
    title: 'The answer is larger than the limit',
  },
}

/** What stands for it in a verdict, where it is one of the policy's and not of the network's. */
export function reasonOfVerdict(reason: AnswerReason): Reason | null {
  return REASONS.find((each) => each === reason) ?? null
}

/** A no, and what is behind it: `explain` is for people, and never holds a secret. */
export type Refusal = {
  readonly reason: AnswerReason
  readonly rule: string | null
  readonly layer: string | null
  readonly explain: string
  /** `drop`: nothing is answered. */
  readonly isSilent: boolean
}

export function refusal(reason: AnswerReason, explain: string = ANSWERS[reason].title): Refusal {
  return { reason, rule: null, layer: null, explain, isSilent: false }
}
