import type { Message, ResourceRecord } from './message.ts'
import { ROOT } from './name.ts'
import { TYPE } from './numbers.ts'

export type EdnsOption = { readonly code: number; readonly value: Uint8Array }

/** The OPT record, unfolded (RFC 6891 §6.1). */
export type Edns = {
  readonly udpSize: number
  readonly extendedRcode: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
}

const DNSSEC_OK = 0x8000

/** `null` without an OPT record, `'bad'` when there are several or it does not belong to the root (RFC 6891 §6.1.1). */
export function ednsOf(message: Message): Edns | null | 'bad' {
  const records = message.additionals.filter((record) => record.type === TYPE.OPT)
  const [record] = records
  if (record === undefined) return null
  if (records.length > 1 || record.name.labels.length > 0 || record.data.kind !== 'opt') return 'bad'
  return {
    udpSize: record.class,
    extendedRcode: record.ttl >>> 24,
    version: (record.ttl >>> 16) & 255,
    dnssecOk: (record.ttl & DNSSEC_OK) !== 0,
    options: record.data.options,
  }
}

/** The message with one more option in its OPT record; as it is without one. */
export function withOption(message: Message, option: EdnsOption): Message {
  const edns = ednsOf(message)
  if (edns === null || edns === 'bad') return message
  const others = message.additionals.filter((record) => record.type !== TYPE.OPT)
  return { ...message, additionals: [...others, optRecord({ ...edns, options: [...edns.options, option] })] }
}

export function optRecord(edns: Edns): ResourceRecord {
  return {
    name: ROOT,
    type: TYPE.OPT,
    class: edns.udpSize,
    ttl: ((edns.extendedRcode << 24) | (edns.version << 16) | (edns.dnssecOk ? DNSSEC_OK : 0)) >>> 0,
    data: { kind: 'opt', options: edns.options },
  }
}
