import type { EdnsOption } from './edns.ts'
import type { WireName } from './name.ts'
import { TYPE } from './numbers.ts'
import type { SvcParam } from './svcb.ts'

export type RecordData =
  /** A and AAAA: 4 or 16 octets, as sent. */
  | { readonly kind: 'address'; readonly octets: Uint8Array }
  /** CNAME, NS, PTR, DNAME. */
  | { readonly kind: 'name'; readonly name: WireName }
  | {
      readonly kind: 'soa'
      readonly primary: WireName
      readonly mailbox: WireName
      readonly serial: number
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  | { readonly kind: 'mx'; readonly preference: number; readonly exchange: WireName }
  /** One character an octet in each string. */
  | { readonly kind: 'txt'; readonly strings: readonly string[] }
  | {
      readonly kind: 'srv'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: WireName
    }
  /** SVCB and HTTPS. */
  | {
      readonly kind: 'svcb'
      readonly priority: number
      readonly target: WireName
      readonly params: readonly SvcParam[]
    }
  | { readonly kind: 'opt'; readonly options: readonly EdnsOption[] }
  | { readonly kind: 'raw'; readonly octets: Uint8Array }

const KIND: ReadonlyMap<number, RecordData['kind']> = new Map([
  [TYPE.A, 'address'],
  [TYPE.AAAA, 'address'],
  [TYPE.CNAME, 'name'],
  [TYPE.NS, 'name'],
  [TYPE.PTR, 'name'],
  [TYPE.DNAME, 'name'],
  [TYPE.SOA, 'soa'],
  [TYPE.MX, 'mx'],
  [TYPE.TXT, 'txt'],
  [TYPE.SRV, 'srv'],
  [TYPE.SVCB, 'svcb'],
  [TYPE.HTTPS, 'svcb'],
  [TYPE.OPT, 'opt'],
])

/** The form in which the data of a type is held. */
export function kindOfType(type: number): RecordData['kind'] {
  return KIND.get(type) ?? 'raw'
}
