import type { ResourceRecord } from './message.ts'
import type { WireName } from './name.ts'
import type { RecordData } from './rdata.ts'
import { writeRecordData } from './write-rdata.ts'
import { Writer } from './writer.ts'

/** RFC 4034 §6.1 and §6.2: in lower case (ASCII only) and in full. */
export function canonicalName(name: WireName): WireName {
  return { labels: name.labels.map((label) => label.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())) }
}

export function nameOctets(name: WireName): Uint8Array {
  const writer = new Writer()
  writer.name(name)
  return writer.finish()
}

/** The order of names that NSEC uses (RFC 4034 §6.1): by label from the right, octet by octet. Both canonical. */
export function compareNames(a: WireName, b: WireName): number {
  const most = Math.min(a.labels.length, b.labels.length)
  for (let back = 1; back <= most; back++) {
    const [left, right] = [a.labels.at(-back)!, b.labels.at(-back)!]
    // One character an octet: the order of code units is that of octets.
    if (left !== right) return left < right ? -1 : 1
  }
  return a.labels.length - b.labels.length
}

/** RFC 4034 §6.2 and §6.3: the records of one set in their order, each once, as they are signed. */
export function canonicalSet(owner: WireName, ttl: number, records: readonly ResourceRecord[]): Uint8Array[] {
  const data = records.map((record) => dataOctets(record.data)).toSorted(compareOctets)
  const distinct = data.filter((octets, at) => at === 0 || compareOctets(octets, data[at - 1]!) !== 0)
  return distinct.map((octets) => {
    const writer = new Writer()
    writer.name(canonicalName(owner))
    writer.u16(records[0]!.type)
    writer.u16(records[0]!.class)
    writer.u32(ttl)
    writer.sized(() => writer.octets(octets))
    return writer.finish()
  })
}

function dataOctets(data: RecordData): Uint8Array {
  const writer = new Writer()
  writeRecordData(writer, canonicalData(data))
  return writer.finish().slice(2)
}

/** Names in data are in lower case for the types of RFC 4034 §6.2 (RFC 6840 §5.1), and as they are for SVCB (RFC 9460). */
function canonicalData(data: RecordData): RecordData {
  switch (data.kind) {
    case 'name':
      return { ...data, name: canonicalName(data.name) }
    case 'soa':
      return { ...data, primary: canonicalName(data.primary), mailbox: canonicalName(data.mailbox) }
    case 'mx':
      return { ...data, exchange: canonicalName(data.exchange) }
    case 'srv':
      return { ...data, target: canonicalName(data.target) }
    case 'address':
    case 'txt':
    case 'svcb':
    case 'opt':
    case 'raw':
      return data
  }
}

/** As numbers that have no sign, the shorter first where one begins with the other. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length)
  for (let at = 0; at < most; at++) if (a[at] !== b[at]) return a[at]! - b[at]!
  return a.length - b.length
}
