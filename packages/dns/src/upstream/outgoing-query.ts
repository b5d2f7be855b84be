import { randomInt } from 'node:crypto'
import {
  buildMessage,
  CLASS_IN,
  optRecord,
  paddedMessage,
  sameName,
  sameSpelling,
  type EdnsOption,
  type Message,
  type WireName,
} from '@sallyport/wire'
import { lowerCase, randomCase } from '../letter-case.ts'

/** What is asked of an upstream. Nothing else of the client's message goes out: options and padding could carry data. */
export type Ask = {
  readonly name: WireName
  readonly type: number
  readonly dnssecOk: boolean
  readonly checkingDisabled: boolean
}

/** One try, with an id and a spelling of its own. */
export type OutgoingQuery = { readonly message: Message; readonly bytes: Uint8Array }

type QueryForm = {
  readonly mixedCase: boolean
  /** To a whole number of blocks, so that its size does not tell the name (RFC 7830); `false` where anyone reads it. */
  readonly padded: boolean
  readonly options: readonly EdnsOption[]
  /** A random one unless given. */
  readonly id?: number
}

// DNS flag day 2020: fits one packet on any path.
const UDP_SIZE = 1232
/** RFC 8467 §4.1. */
const QUERY_BLOCK = 128

export const PLAIN: QueryForm = { mixedCase: false, padded: false, options: [] }

export function outgoingQuery(ask: Ask, form: QueryForm): OutgoingQuery {
  const { mixedCase, padded, options, id = randomInt(65536) } = form
  const message: Message = {
    header: {
      id,
      response: false,
      opcode: 0,
      authoritative: false,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      // RFC 6840 §5.7: asks for the AD bit without asking for signatures.
      authenticData: true,
      checkingDisabled: ask.checkingDisabled,
      rcode: 0,
    },
    questions: [{ name: mixedCase ? randomCase(ask.name) : lowerCase(ask.name), type: ask.type, class: CLASS_IN }],
    answers: [],
    authorities: [],
    additionals: [optRecord({ udpSize: UDP_SIZE, extendedRcode: 0, version: 0, dnssecOk: ask.dnssecOk, options })],
  }
  return { message, bytes: buildMessage(padded ? paddedMessage(message, QUERY_BLOCK) : message) }
}

/** Whether `answer` is one to `query`: `respelled` when all but the case of letters agrees. */
export function matchAnswer(query: Message, answer: Message): 'match' | 'respelled' | 'other' {
  const [asked] = query.questions
  const [repeated] = answer.questions
  if (asked === undefined || repeated === undefined || answer.questions.length !== 1) return 'other'
  if (!answer.header.response || answer.header.opcode !== 0 || answer.header.id !== query.header.id) return 'other'
  if (repeated.type !== asked.type || repeated.class !== asked.class) return 'other'
  if (sameSpelling(asked.name, repeated.name)) return 'match'
  return sameName(asked.name, repeated.name) ? 'respelled' : 'other'
}
