import { fieldValues, listMembers, type Field } from './fields.ts'
import type { RequestHead, ResponseHead } from './message-heads.ts'
import type { MessageFailure, MessageProblem } from './problems.ts'

/** How long a body is. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly octets: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

const NONE: Framing = { kind: 'none' }
const DISGUISED = /^(content[_.]length|transfer[_.]encoding|content-length[^a-z0-9].*|transfer-encoding[^a-z0-9].*)$/

/** Body of a request (RFC 9112 §6.3); what the RFC lets a reader repair is refused, since the next reader may repair otherwise. */
export function requestFraming(head: RequestHead): Framing | MessageFailure {
  const { fields, minor, method } = head
  if (fields.some(({ name }) => DISGUISED.test(name))) return failure('disguised-field')
  const hosts = fieldValues(fields, 'host')
  if (hosts.length > 1) return failure('doubled-host')
  if (hosts.length === 0 && minor === 1) return failure('missing-host')
  if (listMembers(fields, 'connection').some((member) => MUST_STAY.has(member))) return failure('bad-connection-field')
  const framing = declaredFraming(fields, minor)
  if ('problem' in framing) return framing
  const isBodiless = method === 'CONNECT' || method === 'TRACE'
  if (isBodiless && framing.kind !== 'none' && !(framing.kind === 'length' && framing.octets === 0)) {
    return failure('body-not-allowed')
  }
  return framing
}

/** Fields that a Connection field must not take away on the way (RFC 9110 §7.6.1). */
const MUST_STAY: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'authorization',
  'proxy-authorization',
  'cookie',
  'expect',
  'range',
  'via',
])

/** Body of the answer to a request with the method. */
export function responseFraming(head: ResponseHead, method: string): Framing | MessageFailure {
  const { status, fields, minor } = head
  const framing = declaredFraming(fields, minor)
  if ('problem' in framing) return framing
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE
  return framing.kind === 'none' ? { kind: 'until-close' } : framing
}

function declaredFraming(fields: readonly Field[], minor: 0 | 1): Framing | MessageFailure {
  const codings = fieldValues(fields, 'transfer-encoding')
  const lengths = fieldValues(fields, 'content-length')
  if (codings.length > 0) {
    if (lengths.length > 0) return failure('length-and-coding')
    if (minor === 0) return failure('coding-in-http-1.0')
    if (codings.length > 1 || codings[0]!.toLowerCase() !== 'chunked') return failure('unknown-coding')
    return { kind: 'chunked' }
  }
  if (lengths.length === 0) return NONE
  if (lengths.length > 1) return failure('doubled-length')
  if (!/^\d{1,15}$/.test(lengths[0]!)) return failure('bad-length')
  return { kind: 'length', octets: Number(lengths[0]) }
}

function failure(problem: MessageProblem): MessageFailure {
  return { problem, offset: 0 }
}
