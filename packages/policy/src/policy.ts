import type { DomainPattern, PortRange, Prefix } from '@sallyport/net'
import type { FeedFormat, FeedKind } from './feed-format.ts'
import type { DnsSettings } from './dns-settings.ts'
import type { Protocol } from './protocol.ts'

/** Where something stands in a policy file: 1-based. */
export type Position = { readonly file: string; readonly line: number; readonly column: number }

/** One file: a layer of the whole. Defined names are already replaced by what they stand for. */
export type Layer = {
  readonly name: string
  readonly mode: Mode
  readonly default: 'allow' | 'deny'
  readonly rules: readonly Rule[]
  readonly tests: readonly PolicyTest[]
  readonly file: string
  /** What the layer says about the resolver. */
  readonly dns?: DnsSettings
  /** Feeds that the policy brings along, by name. */
  readonly feeds?: { readonly [name: string]: FeedSource }
}

/** Where a feed comes from: exactly one of `url` and `file`. */
export type FeedSource = {
  readonly url?: string | undefined
  readonly file?: string | undefined
  /** Told from the content when left out. */
  readonly format?: FeedFormat | undefined
  /** Of a CSV: the name of a column or its number from 1 on. */
  readonly column?: string | number | undefined
  readonly refresh?: string | undefined
  readonly kind?: FeedKind | undefined
  /** Of the document as it is fetched, compressed if it is. */
  readonly sha256?: string | undefined
  /** Public key of minisign; the signature is beside the list, with `.minisig` after its address. */
  readonly minisign?: string | undefined
}

/** Layers in order: what `pass` hands on, or no rule of a layer matches, the next layer decides; the last one's default ends it. */
export type Policy = { readonly layers: readonly Layer[] }

export type Mode = 'enforce' | 'monitor'
export type Action = 'allow' | 'deny' | 'pass'
export type DenyKind = 'reject' | 'drop' | 'sinkhole'
export type Severity = 'low' | 'medium' | 'high' | 'critical'

export type Rule = {
  readonly id: string
  readonly action: Action
  readonly how: DenyKind
  /** The rule's own mode, else its layer's. */
  readonly mode: Mode
  /** `null`: anyone. An empty list matches no one. */
  readonly from: readonly SubjectTerm[] | null
  /** `null`: anywhere. */
  readonly to: readonly DestinationTerm[] | null
  readonly exceptFrom: readonly SubjectTerm[]
  readonly exceptTo: readonly DestinationTerm[]
  readonly ports: readonly PortRange[] | null
  readonly protocol: readonly Protocol[] | null
  readonly http: HttpCondition | null
  /** DLP detectors; one that fires on the content is enough. */
  readonly content: readonly string[] | null
  /** `dns`: a bound name is enough, without a verified name. */
  readonly assurance: 'verified' | 'dns'
  /** Alternatives; `null`: always. */
  readonly when: readonly Schedule[] | null
  /** First instant at which the rule no longer holds, milliseconds since 1970; `null`: never. */
  readonly untilMs: number | null
  readonly limit: Limit | null
  readonly alert: Severity | null
  readonly log: boolean | null
  readonly inspect: 'tls' | null
  /** What the proxy sets on requests that the rule allows; without the request such a rule cannot hold. */
  readonly headers: Readonly<Record<string, string>> | null
  readonly ticket: string | null
  readonly reason: string | null
  readonly position: Position
}

/** All keys given must hold; a list is alternatives. */
export type SubjectTerm = {
  readonly user?: readonly string[]
  readonly group?: readonly string[]
  readonly app?: readonly AppPattern[]
  /** Globs of systemd units. */
  readonly unit?: readonly string[]
  readonly container?: readonly string[]
  readonly device?: readonly string[]
  readonly tag?: readonly string[]
  /** Alternatives; each is a list of conditions that must all hold. */
  readonly posture?: readonly (readonly PostureCondition[])[]
  readonly network?: readonly Prefix[]
}

export type AppPattern =
  { readonly kind: 'path'; readonly glob: string } | { readonly kind: 'sha256'; readonly hex: string }

export type PostureValue = string | number | boolean
export type PostureCondition =
  | { readonly kind: 'equals'; readonly fact: string; readonly value: PostureValue }
  | { readonly kind: 'at-most'; readonly fact: string; readonly limit: number }
  | { readonly kind: 'version-at-least'; readonly fact: string; readonly version: string }

export type DestinationTerm = {
  readonly domain?: readonly DomainPattern[]
  readonly ip?: readonly Prefix[]
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: readonly string[]
  /** AF AN AS EU NA OC SA */
  readonly continent?: readonly string[]
  readonly asn?: readonly number[]
  readonly service?: readonly string[]
  readonly feed?: readonly string[]
  readonly category?: readonly string[]
}

export type HttpCondition = {
  readonly host?: readonly DomainPattern[]
  /** Globs: `*` within a segment, `**` across. */
  readonly path?: readonly string[]
  readonly method?: readonly string[]
  readonly contentType?: readonly string[]
}

/** Minutes since midnight, `to` exclusive; `to` ≤ `from` runs over midnight. Days: 0 is Sunday. */
export type Schedule = {
  readonly days: readonly number[]
  readonly hours: readonly { readonly fromMinute: number; readonly toMinute: number }[]
  /** IANA time zone. */
  readonly zone: string
}

export type Limit = { readonly [counter: string]: { readonly amount: number; readonly perSeconds: number | null } }

export type PolicyTest = {
  /** Facts as written, already a flow; what is not given is `null`. */
  readonly flow: import('./flow.ts').Flow
  readonly expect: 'allow' | 'deny' | 'undetermined'
  readonly rule: string | null
  readonly position: Position
}
