import { packHeaderBits } from './header-bits.ts'
import { SECTIONS, type Message } from './message.ts'
import { TYPE } from './numbers.ts'
import { Writer } from './writer.ts'
import { writeRecordData } from './write-rdata.ts'

/** Owner names are compressed, names inside record data are not (RFC 3597 §4). */
export function buildMessage(message: Message): Uint8Array {
  const writer = new Writer()
  writer.u16(message.header.id)
  writer.u16(packHeaderBits(message.header))
  writer.u16(message.questions.length)
  for (const section of SECTIONS) writer.u16(message[section].length)
  for (const question of message.questions) {
    writer.compressedName(question.name)
    writer.u16(question.type)
    writer.u16(question.class)
  }
  for (const section of SECTIONS) {
    for (const record of message[section]) {
      writer.compressedName(record.name)
      writer.u16(record.type)
      writer.u16(record.class)
      writer.u32(record.ttl)
      writeRecordData(writer, record.data)
    }
  }
  return writer.finish()
}

/**
 * At most `limit` octets. What the answer can do without goes first; if the answer itself does not fit, none of it is
 * sent and TC is set, because a client must not use a part of a set of records (RFC 2181 §9).
 */
export function buildWithin(message: Message, limit: number): Uint8Array {
  const whole = buildMessage(message)
  if (whole.length <= limit) return whole
  const opt = message.additionals.filter((record) => record.type === TYPE.OPT)
  const answerOnly = buildMessage({ ...message, authorities: [], additionals: opt })
  // An empty answer means something only together with its SOA record (RFC 2308 §2.2).
  if (answerOnly.length <= limit && message.answers.length > 0) return answerOnly
  const header = { ...message.header, truncated: true }
  const bare = buildMessage({ ...message, header, answers: [], authorities: [], additionals: opt })
  return bare.length <= limit
    ? bare
    : buildMessage({ ...message, header, answers: [], authorities: [], additionals: [] })
}
