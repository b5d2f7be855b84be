import type { EdnsOption } from './edns.ts'
import { CLASS_IN, TYPE } from './numbers.ts'
import { kindOfType, type RecordData } from './rdata.ts'
import type { Reader } from './reader.ts'
import { readSvcParams } from './svcb.ts'

const READERS: { readonly [Kind in RecordData['kind']]: (reader: Reader, type: number) => RecordData } = {
  address: (reader, type) => ({ kind: 'address', octets: reader.take(type === TYPE.A ? 4 : 16) }),
  name: (reader) => ({ kind: 'name', name: reader.name() }),
  soa: (reader) => ({
    kind: 'soa',
    primary: reader.name(),
    mailbox: reader.name(),
    serial: reader.u32(),
    refresh: reader.u32(),
    retry: reader.u32(),
    expire: reader.u32(),
    minimum: reader.u32(),
  }),
  mx: (reader) => ({ kind: 'mx', preference: reader.u16(), exchange: reader.name() }),
  txt: (reader) => {
    const strings: string[] = []
    while (reader.more()) strings.push(reader.text(reader.u8()))
    return { kind: 'txt', strings }
  },
  srv: (reader) => ({
    kind: 'srv',
    priority: reader.u16(),
    weight: reader.u16(),
    port: reader.u16(),
    target: reader.name(),
  }),
  svcb: (reader) => ({
    kind: 'svcb',
    priority: reader.u16(),
    target: reader.name(),
    params: readSvcParams(reader),
  }),
  opt: (reader) => {
    const options: EdnsOption[] = []
    while (reader.more()) {
      const code = reader.u16()
      options.push({ code, value: reader.take(reader.u16()) })
    }
    return { kind: 'opt', options }
  },
  raw: (reader) => ({ kind: 'raw', octets: reader.rest() }),
}

/** The length and the data of a record. Types have their form in class IN only; OPT uses the class for something else. */
export function readRecordData(reader: Reader, type: number, recordClass: number): RecordData {
  const kind = recordClass === CLASS_IN || type === TYPE.OPT ? kindOfType(type) : 'raw'
  let data: RecordData = { kind: 'raw', octets: new Uint8Array(0) }
  reader.within(reader.u16(), () => {
    data = READERS[kind](reader, type)
  })
  return data
}
