import type { Address, DomainPattern, Prefix } from '@sallyport/net'

/** A named set that is compared with names and with addresses: a service, a feed or a category. */
export type NamedSet = { readonly domains: readonly DomainPattern[]; readonly prefixes: readonly Prefix[] }

/**
 * What the policy knows of the world beyond itself. Sets are whole lists, so that a compiler can build tables of them;
 * `lookup` is for one address.
 */
export type World = {
  readonly service: (name: string) => NamedSet | null
  readonly feed: (name: string) => NamedSet | null
  readonly category: (name: string) => NamedSet | null
  readonly countryPrefixes: (code: string) => readonly Prefix[]
  readonly asnPrefixes: (asn: number) => readonly Prefix[]
  readonly country: (address: Address) => string | null
  readonly asn: (address: Address) => number | null
  /** Continent of a country, `null` when the country is not known. */
  readonly continent: (country: string) => string | null
  readonly countriesOf: (continent: string) => readonly string[]
}

export const EMPTY_WORLD: World = {
  service: () => null,
  feed: () => null,
  category: () => null,
  countryPrefixes: () => [],
  asnPrefixes: () => [],
  country: () => null,
  asn: () => null,
  continent: () => null,
  countriesOf: () => [],
}
