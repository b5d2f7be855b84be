import type { Address } from '@sallyport/net'
import type { FlowRecord } from './flow-record.ts'

/** Where an address is; `null` where that is not known. */
export type Places = {
  readonly country: (address: Address) => string | null
  readonly asn: (address: Address) => number | null
}

/** What is not known here is left out: who has better tables looks it up, and a fact that is none would meet no rule. */
export function placeFacts(address: Address | null, { country, asn }: Places): Pick<FlowRecord, 'country' | 'asn'> {
  if (address === null) return {}
  const [inCountry, inNetwork] = [country(address), asn(address)]
  return {
    ...(inCountry === null ? {} : { country: inCountry }),
    ...(inNetwork === null ? {} : { asn: inNetwork }),
  }
}
