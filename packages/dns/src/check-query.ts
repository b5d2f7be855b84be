import { CLASS_IN, cookieOf, ednsOf, RCODE, TYPE, type Edns, type Message, type Question } from '@sallyport/wire'

export type CheckedQuery = { readonly question: Question; readonly edns: Edns | null }

/** Types that ask for a whole zone or a mailbox list: no forwarder's business (RFC 1035 §3.2.3, RFC 5936). */
const TRANSFERS: ReadonlySet<number> = new Set([TYPE.AXFR, TYPE.IXFR, TYPE.MAILA, TYPE.MAILB])

/** The response code for a message that is not a query Sallyport answers. */
export function checkQuery(message: Message): CheckedQuery | { readonly rcode: number } {
  if (message.header.opcode !== 0) return { rcode: RCODE.NOTIMP }
  const [question] = message.questions
  const edns = ednsOf(message)
  if (question === undefined || message.questions.length > 1 || edns === 'bad') return { rcode: RCODE.FORMERR }
  if (message.answers.length > 0 || message.authorities.length > 0) return { rcode: RCODE.FORMERR }
  // RFC 7873 §5.2.2.
  if (edns !== null && cookieOf(edns.options) === 'bad') return { rcode: RCODE.FORMERR }
  if (edns !== null && edns.version > 0) return { rcode: RCODE.BADVERS }
  if (question.type === TYPE.OPT) return { rcode: RCODE.FORMERR }
  if (TRANSFERS.has(question.type)) return { rcode: RCODE.NOTIMP }
  if (question.class !== CLASS_IN) return { rcode: RCODE.REFUSED }
  return { question, edns }
}
