import { buildMessage } from './build-message.ts'
import { ednsOf, optRecord, type EdnsOption } from './edns.ts'
import type { Message } from './message.ts'
import { TYPE } from './numbers.ts'

/** RFC 7830. */
const PADDING_OPTION = 12
const LONGEST_MESSAGE = 65_535

export function hasPadding(options: readonly EdnsOption[]): boolean {
  return options.some(({ code }) => code === PADDING_OPTION)
}

/**
 * The message with a padding option of zeros that makes its encoding a multiple of `block` octets long; as it is without an OPT record (RFC 7830 §3, RFC 8467 §4.1). The option stands last (RFC 8467 §4.1 note).
 */
export function paddedMessage(message: Message, block: number): Message {
  const edns = ednsOf(message)
  if (edns === null || edns === 'bad') return message
  const options = edns.options.filter(({ code }) => code !== PADDING_OPTION)
  const padded = (length: number): Message => ({
    ...message,
    additionals: [
      ...message.additionals.filter((record) => record.type !== TYPE.OPT),
      optRecord({ ...edns, options: [...options, { code: PADDING_OPTION, value: new Uint8Array(length) }] }),
    ],
  })
  const least = buildMessage(padded(0)).length
  const wanted = Math.min(LONGEST_MESSAGE, Math.ceil(least / block) * block)
  return wanted < least ? message : padded(wanted - least)
}
