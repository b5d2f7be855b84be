import type { WireFailure } from './failure.ts'
import { unpackHeader } from './header-bits.ts'
import type { Header, ParsedMessage, Question, ResourceRecord } from './message.ts'
import { Reader } from './reader.ts'
import { readRecordData } from './read-rdata.ts'

/** Questions and records together. As many A records as 64 KiB hold; an honest answer has far fewer. */
const MAX_RECORDS = 4096

/** Never throws; octets left over after the last section are a failure, because they can only be hidden data. */
export function parseMessage(bytes: Uint8Array): ParsedMessage | WireFailure {
  const reader = new Reader(bytes)
  const header = unpackHeader(reader.u16(), reader.u16())
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const
  if (counts[0] + counts[1] + counts[2] + counts[3] > MAX_RECORDS) reader.fail('too-many-records')
  const message: ParsedMessage = {
    header,
    questions: repeat(reader, counts[0], readQuestion),
    answers: repeat(reader, counts[1], readRecord),
    authorities: repeat(reader, counts[2], readRecord),
    additionals: repeat(reader, counts[3], readRecord),
  }
  if (reader.more()) reader.fail('trailing-bytes')
  return reader.failure ?? message
}

/** The header alone, to answer a message whose rest is malformed. */
export function parseHeader(bytes: Uint8Array): Header | WireFailure {
  if (bytes.length < 12) return { failure: 'short', offset: bytes.length }
  const reader = new Reader(bytes)
  return unpackHeader(reader.u16(), reader.u16())
}

function repeat<Item>(reader: Reader, count: number, read: (reader: Reader) => Item): Item[] {
  const items: Item[] = []
  for (let i = 0; i < count && reader.failure === null; i++) items.push(read(reader))
  return items
}

function readQuestion(reader: Reader): Question {
  return { name: reader.name(), type: reader.u16(), class: reader.u16() }
}

function readRecord(reader: Reader): ResourceRecord {
  const name = reader.name()
  const type = reader.u16()
  const recordClass = reader.u16()
  const ttl = reader.u32()
  return { name, type, class: recordClass, ttl, data: readRecordData(reader, type, recordClass) }
}
