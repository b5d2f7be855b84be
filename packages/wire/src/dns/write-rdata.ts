import type { RecordData } from './rdata.ts'
import { writeSvcParams } from './svcb.ts'
import type { Writer } from './writer.ts'

export function writeRecordData(writer: Writer, data: RecordData): void {
  writer.sized(() => writeData(writer, data))
}

function writeData(writer: Writer, data: RecordData): void {
  switch (data.kind) {
    case 'address':
    case 'raw':
      return writer.octets(data.octets)
    case 'name':
      return writer.name(data.name)
    case 'soa':
      writer.name(data.primary)
      writer.name(data.mailbox)
      for (const field of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) writer.u32(field)
      return
    case 'mx':
      writer.u16(data.preference)
      return writer.name(data.exchange)
    case 'txt':
      return data.strings.forEach((text) => writer.characterString(text))
    case 'srv':
      for (const field of [data.priority, data.weight, data.port]) writer.u16(field)
      return writer.name(data.target)
    case 'svcb':
      writer.u16(data.priority)
      writer.name(data.target)
      return writeSvcParams(writer, data.params)
    case 'opt':
      for (const option of data.options) {
        writer.u16(option.code)
        writer.sized(() => writer.octets(option.value))
      }
      return
  }
}
