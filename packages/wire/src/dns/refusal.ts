import { addressBytes, isIpv4, type Address } from '@sallyport/net'
import { ednsOf, optRecord } from './edns.ts'
import { extendedErrorOption, type ExtendedError } from './extended-error.ts'
import type { Message, ResourceRecord } from './message.ts'
import { CLASS_IN, RCODE, TYPE } from './numbers.ts'

/** How a refused name looks to the client; `address` leads it to a page of the operator. */
export type Refusal =
  | { readonly kind: 'refused' | 'nxdomain' | 'nodata' | 'zero' }
  | { readonly kind: 'address'; readonly addresses: readonly Address[] }

/** Short, so that a client sees a change of policy soon. */
const TTL = 10
const OWN_UDP_SIZE = 1232

/** An answer to `query` with a response code (up to 12 bits) and no records. */
export function emptyResponse(query: Message, rcode: number, error: ExtendedError | null): Message {
  const edns = ednsOf(query)
  // RFC 6891 §7: no OPT record to a client that sent none, hence no extended error either.
  const options = error === null ? [] : [extendedErrorOption(error)]
  const opt =
    edns === null || edns === 'bad'
      ? []
      : [optRecord({ udpSize: OWN_UDP_SIZE, extendedRcode: rcode >>> 4, version: 0, dnssecOk: edns.dnssecOk, options })]
  return {
    header: {
      ...query.header,
      response: true,
      authoritative: false,
      truncated: false,
      recursionAvailable: true,
      authenticData: false,
      rcode: rcode & 15,
    },
    questions: query.questions,
    answers: [],
    authorities: [],
    additionals: opt,
  }
}

/** Negative refusals carry no SOA record, so that nobody caches them (RFC 2308 §5) after the policy has changed. */
export function refusalMessage(query: Message, refusal: Refusal, error: ExtendedError): Message {
  const rcode =
    refusal.kind === 'refused' ? RCODE.REFUSED : refusal.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR
  return { ...emptyResponse(query, rcode, error), answers: refusalRecords(query, refusal) }
}

function refusalRecords(query: Message, refusal: Refusal): ResourceRecord[] {
  const [question] = query.questions
  if (question === undefined || (question.type !== TYPE.A && question.type !== TYPE.AAAA)) return []
  const four = question.type === TYPE.A
  return refusalOctets(refusal, four).map((octets) => ({
    name: question.name,
    type: question.type,
    class: CLASS_IN,
    ttl: TTL,
    data: { kind: 'address', octets },
  }))
}

function refusalOctets(refusal: Refusal, four: boolean): Uint8Array[] {
  if (refusal.kind === 'zero') return [new Uint8Array(four ? 4 : 16)]
  if (refusal.kind !== 'address') return []
  return refusal.addresses
    .filter((address) => isIpv4(address) === four)
    .map((address) => (four ? addressBytes(address).slice(12) : addressBytes(address)))
}
