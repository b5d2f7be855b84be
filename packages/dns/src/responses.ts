import {
  CLASS_IN,
  ednsOf,
  emptyResponse,
  EXTENDED_ERROR,
  extendedErrorOption,
  extendedErrors,
  optRecord,
  RCODE,
  TYPE,
  refusalMessage,
  withOption,
  type ExtendedError,
  type Header,
  type Message,
  type ResourceRecord,
} from '@sallyport/wire'
import type { SpecialAnswer } from './special-names.ts'
import { lowerCase, respell } from './letter-case.ts'
import type { AnswerSettings, ForwarderOptions, NameVerdict } from './options.ts'
import type { ExchangeFailure } from './upstream/exchange.ts'

export function refusalResponse(
  query: Message,
  style: ForwarderOptions['refusal'],
  verdict: NameVerdict,
  { errorCode }: AnswerSettings,
): Message {
  const refusal = typeof style === 'function' ? style() : style
  return refusalMessage(query, refusal, extendedErrorOf(verdict, errorCode))
}

/** RFC 8914 §4.16 to §4.19: a rule blocks; what no rule allows is not for this client. */
function extendedErrorOf({ rule, explain }: NameVerdict, errorCode: AnswerSettings['errorCode']): ExtendedError {
  if (rule !== null) return { code: errorCode(rule) ?? EXTENDED_ERROR.BLOCKED, text: `rule ${rule}` }
  return { code: EXTENDED_ERROR.PROHIBITED, text: explain === '' ? 'no rule allows this name' : explain }
}

const SIGNING: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3])

/** RFC 4035 §3.2.1: who does not ask for signatures gets none, unless asking for their type. */
function forClient(query: Message, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const edns = ednsOf(query)
  if (edns !== null && edns !== 'bad' && edns.dnssecOk) return records
  return records.filter(({ type }) => !SIGNING.has(type) || type === query.questions[0]?.type)
}

/** RFC 8914 §4.4 and §4.20. */
function staleError(rcode: number): ExtendedError {
  const code = rcode === RCODE.NXDOMAIN ? EXTENDED_ERROR.STALE_NXDOMAIN_ANSWER : EXTENDED_ERROR.STALE_ANSWER
  return { code, text: 'no upstream could be reached' }
}

/** A type that is not answered. The name may exist, so it is never said not to. */
export function typeResponse(query: Message, { explain }: NameVerdict): Message {
  return refusalMessage(query, { kind: 'nodata' }, { code: EXTENDED_ERROR.PROHIBITED, text: explain })
}

const LOOPBACK_TTL = 86_400

export function specialResponse(query: Message, answer: SpecialAnswer): Message {
  const empty = emptyResponse(query, answer === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR, null)
  const [question] = query.questions
  if (answer !== 'loopback' || question === undefined) return empty
  if (question.type !== TYPE.A && question.type !== TYPE.AAAA) return empty
  const octets = question.type === TYPE.A ? Uint8Array.of(127, 0, 0, 1) : new Uint8Array(16).fill(1, 15)
  const record = { name: question.name, type: question.type, class: CLASS_IN, ttl: LOOPBACK_TTL }
  return { ...empty, answers: [{ ...record, data: { kind: 'address', octets } }] }
}

export type Failure = ExchangeFailure | 'judge' | 'bind' | 'extended-rcode'

const FAILURES: { readonly [Kind in Failure]: readonly [code: number, text: string] } = {
  timeout: [EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, 'no upstream answered in time'],
  network: [EXTENDED_ERROR.NETWORK_ERROR, 'no upstream could be reached'],
  certificate: [EXTENDED_ERROR.NETWORK_ERROR, 'the certificate of the upstream is not that of the server meant'],
  protocol: [EXTENDED_ERROR.NETWORK_ERROR, 'the upstream does not speak DNS as it should'],
  busy: [EXTENDED_ERROR.NO_REACHABLE_AUTHORITY, 'all connections to upstreams are in use'],
  judge: [EXTENDED_ERROR.OTHER, 'the policy could not be asked'],
  bind: [EXTENDED_ERROR.OTHER, 'the addresses could not be bound to the name'],
  'extended-rcode': [EXTENDED_ERROR.OTHER, 'the upstream answered with an error of its own'],
}

/** `cached`: nobody was asked, because it failed a moment ago (RFC 8914 §4.14). */
export function failureResponse(query: Message, failure: Failure | ExtendedError, cached = false): Message {
  const error = typeof failure === 'string' ? failureError(failure) : failure
  const response = emptyResponse(query, RCODE.SERVFAIL, error)
  return cached ? withOption(response, extendedErrorOption(CACHED_ERROR)) : response
}

function failureError(failure: Failure): ExtendedError {
  const [code, text] = FAILURES[failure]
  return { code, text }
}

const CACHED_ERROR: ExtendedError = { code: EXTENDED_ERROR.CACHED_ERROR, text: 'it failed a moment ago' }

/** To an address that may not ask, or asks too often. */
export function notAdmittedResponse(query: Message, why: 'not-a-client' | 'too-fast'): Message {
  const text = why === 'too-fast' ? 'too many queries from this client' : 'this address is not served'
  return emptyResponse(query, RCODE.REFUSED, { code: EXTENDED_ERROR.PROHIBITED, text })
}

export function malformedResponse(header: Header): Message {
  const query = { header, questions: [], answers: [], authorities: [], additionals: [] }
  return emptyResponse(query, RCODE.FORMERR, null)
}

/**
 * The upstream's answer in the client's spelling, with `answers` in place of its own. The additional section is left
 * out: nobody asked for the addresses in it, so nothing binds them.
 */
export function answerResponse(
  query: Message,
  upstream: Message,
  answers: readonly ResourceRecord[],
  { cached, stale }: { readonly cached: boolean; readonly stale: boolean },
): Message {
  const theirs = ednsOf(upstream)
  const told = theirs === null || theirs === 'bad' ? [] : extendedErrors(theirs.options)
  const { rcode } = upstream.header
  const ended = rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN ? [] : [CACHED_ERROR]
  const known = [...(stale ? [staleError(rcode)] : cached ? ended : []), ...told]
  if (theirs !== null && theirs !== 'bad' && theirs.extendedRcode > 0) return failureResponse(query, 'extended-rcode')
  const ours = emptyResponse(query, upstream.header.rcode, null)
  const edns = ednsOf(ours)
  const asked = query.questions[0]!.name
  const clientEdns = ednsOf(query)
  const wantsAd = query.header.authenticData || (clientEdns !== null && clientEdns !== 'bad' && clientEdns.dnssecOk)
  const whole =
    answers.length === upstream.answers.length && answers.every(({ data }, at) => data === upstream.answers[at]!.data)
  const message: Message = {
    ...ours,
    // RFC 4035 §3.2.3: what was changed is no longer authentic.
    header: { ...ours.header, authenticData: wantsAd && whole && upstream.header.authenticData },
    questions: [{ ...query.questions[0]!, name: lowerCase(asked) }],
    answers: forClient(query, answers),
    authorities: forClient(query, upstream.authorities),
    additionals:
      edns === null || edns === 'bad'
        ? []
        : [optRecord({ ...edns, options: known.slice(0, 2).map(extendedErrorOption) })],
  }
  return respell(message, lowerCase(asked), asked)
}
