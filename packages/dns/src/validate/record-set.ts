import { parseRrsig, presentName, TYPE, type ResourceRecord, type Rrsig, type WireName } from '@sallyport/wire'

export type Signature = { readonly rrsig: Rrsig; readonly octets: Uint8Array }

/** All records of one name and type, with the signatures over them. */
export type RecordSet = {
  readonly name: WireName
  readonly type: number
  readonly records: readonly ResourceRecord[]
  readonly signatures: readonly Signature[]
}

export function recordSets(records: readonly ResourceRecord[]): RecordSet[] {
  const sets = new Map<string, { name: WireName; type: number; records: ResourceRecord[]; signatures: Signature[] }>()
  const signatures = new Map<string, Signature[]>()
  for (const record of records) {
    if (record.type === TYPE.RRSIG) {
      const octets = record.data.kind === 'raw' ? record.data.octets : new Uint8Array(0)
      const rrsig = parseRrsig(octets)
      if (rrsig === null) continue
      const key = `${presentName(record.name)} ${rrsig.covered}`
      signatures.set(key, [...(signatures.get(key) ?? []), { rrsig, octets }])
      continue
    }
    const key = `${presentName(record.name)} ${record.type}`
    const set = sets.get(key) ?? { name: record.name, type: record.type, records: [], signatures: [] }
    set.records.push(record)
    sets.set(key, set)
  }
  for (const [key, set] of sets) set.signatures.push(...(signatures.get(key) ?? []))
  return [...sets.values()]
}
