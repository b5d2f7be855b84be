import type { TunnelSign } from '@sallyport/detect'
import type { Address, DomainName, Prefix } from '@sallyport/net'
import type { NameSets } from './fast/refusal-templates.ts'
import type { Flow } from '@sallyport/policy'
import type { Refusal } from '@sallyport/wire'
import type { Limits, Timeouts } from './limits.ts'
import type { ClientRate } from './listen/client-gate.ts'
import type { ResolverKind } from './resolver-uri.ts'
import type { TrustAnchor } from './validate/trust-anchors.ts'
import type { UpstreamRoute } from './upstream/upstream-routes.ts'
import type { UpstreamServer } from './upstream/upstream-server.ts'
import type { Strategy } from './upstream/upstreams.ts'
import type { ExchangeFailure } from './upstream/exchange.ts'

export type Endpoint = { readonly address: string; readonly port: number }

/** `fd`: a socket of UDP that is bound there already, and that others may hold, too. */
export type DatagramEndpoint = Endpoint & { readonly fd?: number }

/** Where queries are taken: `udp` is UDP with TCP beside it, and holds unless given; `path` is that of `https`. */
export type ListenEndpoint = DatagramEndpoint & { readonly kind?: ResolverKind; readonly path?: string }

/** Certificate chain and private key in PEM. */
export type Certificate = { readonly cert: string; readonly key: string }

export type ClientTransport = ResolverKind

/** `name` is the lower-case text of the name asked for, also when that is no host name (see `presentName` in wire). */
export type NameQuery = {
  readonly name: DomainName
  readonly type: number
  readonly client: Endpoint
  /** What `whoAsks` has found out. */
  readonly subject?: Flow
}

/** `undetermined` resolves as `allow` does: a later enforcement point decides about the connection. */
export type NameVerdict = {
  readonly verdict: 'allow' | 'deny' | 'undetermined'
  readonly rule: string | null
  readonly explain: string
  /** Why the resolver refuses what no rule denies. */
  readonly refusedFor?: 'private-address' | 'query-type' | 'tunnel' | 'unknown-client'
}

export type Binding = { readonly name: DomainName; readonly address: Address; readonly ttlSeconds: number }

/** `failed` is SERVFAIL, `invalid` a message that is not a query Sallyport answers; only the latter has no name. */
type QueryOutcome = 'answered' | 'refused' | 'failed' | 'invalid'

/** `reason` is `null` for one that is up. */
export type UpstreamState = { readonly server: string; readonly up: boolean; readonly reason: ExchangeFailure | null }

/** What happened to one query. */
export type QueryRecord = {
  readonly time: Date
  readonly client: Endpoint
  readonly transport: ClientTransport
  readonly name: DomainName | null
  readonly type: number | null
  readonly outcome: QueryOutcome
  readonly rcode: number
  readonly verdict: NameVerdict | null
  /** The names between the one asked for and the addresses; the first is the one asked for. */
  readonly chain: readonly DomainName[]
  /** All addresses in the answer that was sent. */
  readonly addresses: readonly Address[]
  readonly cached: boolean
  /** From the cache past its time, because no server could be reached. */
  readonly stale: boolean
  readonly upstream: Endpoint | null
  /** What the names below its registrable name are taken for. */
  readonly tunnel: TunnelSign | null
  /** Of who asked, where that was looked for. */
  readonly subject?: Flow
  readonly durationMs: number
}

export type AnswerSettings = {
  /** Types that are answered; `null` for all. */
  readonly types: ReadonlySet<number> | null
  /** Whether names by which browsers ask to use resolvers of their own get the answer no. */
  readonly canaries: boolean
  /** The Extended DNS Error of a rule's refusals, when it is not 15 (RFC 8914 §4.16). */
  readonly errorCode: (rule: string) => number | null
  /** Whether an answer is sent past its time when nobody can be reached (RFC 8767). */
  readonly stale: boolean
  /** The least time for which an address stays bound: applications keep addresses past their TTL. */
  readonly addressFloorSeconds: number
  /** How much longer than that, or than its TTL, it stays bound. */
  readonly addressGraceSeconds: number
  /** What becomes of queries that look like those of a tunnel. */
  readonly tunnels: 'flag' | 'refuse' | 'ignore'
  /** Names that carry data on purpose. */
  readonly mayCarryData: (name: DomainName) => boolean
}

export const DEFAULT_SETTINGS: AnswerSettings = {
  types: null,
  canaries: true,
  errorCode: () => null,
  stale: true,
  addressFloorSeconds: 300,
  addressGraceSeconds: 0,
  tunnels: 'flag',
  mayCarryData: () => false,
}

export type ForwarderOptions = {
  /** Port 0 takes a free port, the same one for UDP and TCP. */
  readonly listen: readonly ListenEndpoint[]
  /** For the listeners of `tls` and `https`, which are not without. */
  readonly certificate?: Certificate
  readonly upstreams: readonly UpstreamServer[]
  /** Names that have servers of their own. */
  readonly routes?: readonly UpstreamRoute[]
  /** `order` unless given. */
  readonly strategy?: Strategy
  /** A server stopped answering, or answers again. */
  readonly onUpstream?: (state: UpstreamState) => void
  /** Who may ask; everyone unless given. */
  readonly clients?: readonly Prefix[]
  /** How often one client may ask; as often as it likes unless given. */
  readonly clientRate?: ClientRate
  /** Keys from which signatures are checked; nothing is checked unless given. Names of `routes` are not. */
  readonly validate?: readonly TrustAnchor[]
  /**
   * Asked before the name is judged: the process behind the query, where the verdict may depend on it, and null where it does
   * not. `unknown` refuses the query: who asks decides, and could not be found out. Names that it may be asked about belong to
   * no set of `nameSets`.
   */
  readonly whoAsks?: (query: NameQuery, transport: ClientTransport) => Promise<Flow | 'unknown'> | null
  readonly judge: (query: NameQuery) => NameVerdict | Promise<NameVerdict>
  /**
   * Asked about every address in an answer, hints of HTTPS records too. An address that is denied is left out; when
   * nothing that was asked for remains, the query is refused. `isPrivateAddress` tells rebinding.
   */
  readonly judgeAnswer?: (query: NameQuery, address: Address, chain: readonly DomainName[]) => NameVerdict
  /**
   * Asked about every name that a CNAME leads to; one that is denied refuses the query. And about the hosts of HTTPS and SVCB
   * records, which are left out when theirs is.
   */
  readonly judgeAlias?: (query: NameQuery, alias: DomainName) => NameVerdict
  /**
   * Done when it returns, and before the answer is sent; when it throws, no answer is sent. Called for answers from the
   * cache, too: there for many at once, and for each of them once a second at most.
   */
  readonly bind?: (bindings: readonly Binding[]) => void
  /**
   * Opens the hot path on Linux: names of one set are refused as the first of them was, and answers that are known are sent,
   * without asking `judge` again. Not beside `onQuery`, which hears of every query.
   */
  readonly nameSets?: NameSets
  /** How a refused name looks to the client. */
  readonly refusal: Refusal | (() => Refusal)
  /** What may change while the resolver runs; asked for every query. */
  readonly settings?: () => AnswerSettings
  /**
   * Whether a later point has to see the name in the connection: then `ech`, which would hide it, is left out of HTTPS and
   * SVCB answers.
   */
  readonly needsName?: (query: NameQuery) => boolean
  readonly onQuery?: (record: QueryRecord) => void
  /** Hears of queries that were refused or belong to a tunnel; those then take no hot path. */
  readonly onNotable?: (record: QueryRecord) => void
  /** Hears once of each client and zone that is taken for a tunnel. */
  readonly onTunnel?: (sign: TunnelSign) => void
  readonly timeouts?: Partial<Timeouts>
  readonly limits?: Partial<Limits>
}
