import {
  matchDomain,
  type Address,
  type DomainName,
  type DomainPattern,
  type PortRange,
  type Prefix,
} from '@sallyport/net'

/** Patterns that may be too many to be objects at once: they are walked, and counted. */
export type DomainPatterns = Iterable<DomainPattern> & {
  readonly length: number
  /** The same patterns without objects, for those who walk a million: of each the length of the name, the kind, the name. */
  readonly packed?: () => Uint8Array
  /** Where these octets are in a file that is open as long as the patterns are held. */
  readonly stored?: StoredOctets
}

export type StoredOctets = { readonly fd: number; readonly offset: number; readonly bytes: number }

/** Patterns that are octets and nothing else. */
export type PackedPatterns = Pick<Required<DomainPatterns>, 'length' | 'packed'>

/** What the octet before the name of a packed pattern says. */
export const PACKED_KINDS: readonly DomainPattern['kind'][] = ['name', 'below', 'both']

/** A named set that is compared with names and with addresses: a service, a feed or a category. */
export type NamedSet = {
  readonly domains: DomainPatterns
  /** Holes in `domains`: of all patterns that match a name the one nearest to it decides, a hole when both are as near. */
  readonly except?: DomainPatterns
  readonly prefixes: readonly Prefix[]
  /**
   * Of a service whose ports are known: all of the set once more, by the ports that belong to each name and address. An allow rule
   * means these; a deny rule means the service on every port.
   */
  readonly byPorts?: readonly PortedSet[]
}

/** Names and addresses of a service that are used on these ports; `null` is all ports. */
export type PortedSet = {
  readonly ports: readonly PortRange[] | null
  readonly domains: DomainPatterns
  readonly prefixes: readonly Prefix[]
}

/** How near the nearest pattern is that matches: the length of its name, 0 when none matches. */
function nearest(patterns: DomainPatterns, name: DomainName): number {
  let longest = 0
  for (const pattern of patterns) {
    if (pattern.name.length > longest && matchDomain(pattern, name)) longest = pattern.name.length
  }
  return longest
}

export function setHoldsName({ domains, except }: NamedSet, name: DomainName): boolean {
  return nearest(domains, name) > (except === undefined ? 0 : nearest(except, name))
}

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
  /** Types of DNS queries for which feeds hold other names, `*` for all types that none names; absent when there is none. */
  readonly queryTypes?: readonly string[]
  /** The world for queries of one of these types. */
  readonly forQueryType?: (type: string) => World
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
