import { addressFromBytes, type Address, type DomainName } from '@sallyport/net'
import { svcParamKey, type RecordData, type ResourceRecord, type SvcParam } from '@sallyport/wire'
import { judgedName } from './select-answer.ts'

export type TimedAddress = { readonly address: Address; readonly ttlSeconds: number }

/** Every address that a client can take from the records: A, AAAA and the hints of SVCB and HTTPS (RFC 9460 §7.3). */
export function answerAddresses(records: readonly ResourceRecord[]): TimedAddress[] {
  return records.flatMap(({ data, ttl }) =>
    octetsOf(data).flatMap((octets) => {
      const address = addressFromBytes(octets)
      return address === null ? [] : [{ address, ttlSeconds: ttl }]
    }),
  )
}

/** The records without the addresses that `keep` turns away. */
export function keepAddresses(
  records: readonly ResourceRecord[],
  keep: (address: Address) => boolean,
): ResourceRecord[] {
  const keeps = (octets: Uint8Array): boolean => {
    const address = addressFromBytes(octets)
    return address !== null && keep(address)
  }
  return records.flatMap((record): ResourceRecord[] => {
    const { data } = record
    if (data.kind === 'address') return keeps(data.octets) ? [record] : []
    if (data.kind !== 'svcb') return [record]
    const params = data.params.flatMap((param) => keepHints(param, keeps))
    if (params.length === data.params.length && params.every((param, at) => param === data.params[at])) return [record]
    // RFC 9460 §8: a record whose mandatory parameter is missing is malformed, so it goes as a whole.
    return lacksMandatory(params) ? [] : [{ ...record, data: { ...data, params } }]
  })
}

export function hasServices(records: readonly ResourceRecord[]): boolean {
  return records.some(({ data }) => data.kind === 'svcb')
}

/**
 * The other host that an HTTPS or SVCB record leads to; `null` when it is `meant` itself. The root stands for the record's owner
 * (RFC 9460 §2.5), which is another host behind an alias, or where the owner names a port.
 */
export function targetOf({ name, data }: ResourceRecord, meant: DomainName): DomainName | null {
  if (data.kind !== 'svcb') return null
  const target = judgedName(data.target.labels.length === 0 ? name : data.target)
  return target === meant ? null : target
}

/** HTTPS and SVCB records after which the client says the name where it can be seen: without `ech`. */
export function showName(records: readonly ResourceRecord[]): ResourceRecord[] {
  return records.flatMap((record): ResourceRecord[] => {
    const { data } = record
    if (data.kind !== 'svcb') return [record]
    const params = data.params.filter((param) => param.kind !== 'ech')
    if (params.length === data.params.length) return [record]
    return lacksMandatory(params) ? [] : [{ ...record, data: { ...data, params } }]
  })
}

function octetsOf(data: RecordData): readonly Uint8Array[] {
  if (data.kind === 'address') return [data.octets]
  if (data.kind !== 'svcb') return []
  return data.params.flatMap((param) => (isHint(param) ? param.addresses : []))
}

type Hint = Extract<SvcParam, { readonly addresses: readonly Uint8Array[] }>

function isHint(param: SvcParam): param is Hint {
  return param.kind === 'ipv4hint' || param.kind === 'ipv6hint'
}

function keepHints(param: SvcParam, keeps: (octets: Uint8Array) => boolean): SvcParam[] {
  if (!isHint(param)) return [param]
  const addresses = param.addresses.filter(keeps)
  if (addresses.length === param.addresses.length) return [param]
  return addresses.length === 0 ? [] : [{ ...param, addresses }]
}

function lacksMandatory(params: readonly SvcParam[]): boolean {
  const present = new Set(params.map(svcParamKey))
  return params.some((param) => param.kind === 'mandatory' && param.keys.some((key) => !present.has(key)))
}
