import type { Address, DomainName, DomainPattern, Prefix } from '@sallyport/net'

export const REFUSAL_KINDS = ['refused', 'nxdomain', 'nodata', 'zero'] as const
export const DNS_ERRORS = ['blocked', 'censored', 'filtered', 'prohibited'] as const
export const DNS_STRATEGIES = ['order', 'parallel'] as const
export const TUNNEL_ACTIONS = ['flag', 'refuse', 'ignore'] as const

/** How a refused name looks to the client: a response code, an address that leads nowhere, or a page of one's own. */
export type RefusalStyle =
  | { readonly kind: (typeof REFUSAL_KINDS)[number] }
  | { readonly kind: 'address'; readonly addresses: readonly Address[] }

/** RFC 8914 §4.16 to §4.19. */
export type DnsError = (typeof DNS_ERRORS)[number]

/** What a layer says about the resolver; of several layers the first that says something about a key decides it. */
export type DnsSettings = {
  readonly refusal?: RefusalStyle
  /** The Extended DNS Error of a rule's refusals, by its id. */
  readonly errorCodes?: { readonly [rule: string]: DnsError }
  /** Record types that are answered, in upper case; others are refused. */
  readonly types?: readonly string[]
  /** Names whose answers may be private addresses. */
  readonly privateNames?: readonly DomainPattern[]
  /** Whether names by which browsers ask for their own resolver to be left off are answered so. */
  readonly canaries?: boolean
  readonly validate?: boolean
  readonly stale?: boolean
  /** Addresses that may ask. */
  readonly clients?: readonly Prefix[]
  /** Queries a second of one client. */
  readonly clientRate?: number
  /** As the resolver writes servers. */
  readonly upstreams?: readonly string[]
  readonly strategy?: (typeof DNS_STRATEGIES)[number]
  /** Servers for a domain and all names below it. */
  readonly routes?: readonly { readonly domain: DomainName; readonly upstreams: readonly string[] }[]
  /** The least time for which an address of an answer stays open. */
  readonly addressFloorSeconds?: number
  /** What is added to that time, or to the answer's own. */
  readonly addressGraceSeconds?: number
  /** What becomes of names that look like a tunnel's. */
  readonly tunnels?: (typeof TUNNEL_ACTIONS)[number]
  /** Domains whose names carry data on purpose. */
  readonly tunnelsExcept?: readonly DomainPattern[]
  /** How long a domain counts as newly seen. */
  readonly newlySeenSeconds?: number
}
