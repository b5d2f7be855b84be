import type { PortRange, Prefix } from '@sallyport/net'
import type { DomainPatterns, Flow, HttpCondition, Polarity, Protocol, SubjectTerm, Ternary } from '@sallyport/policy'
import type { Variable } from './variable.ts'

/** What one variable has to satisfy; `id` is unique within its variable. */
export type Condition = FlowCondition | AddressCondition | NameCondition

type FlowCondition = {
  readonly kind: 'flow'
  readonly id: number
  readonly variable: Variable
  /** What the policy says, from which values that tell conditions apart are made. */
  readonly source: ConditionSource
  readonly evaluate: (flow: Flow) => Ternary
}

/** Alternatives of parts that must all hold. */
export type AddressCondition = {
  readonly kind: 'address'
  readonly id: number
  readonly variable: Variable
  readonly alternatives: readonly (readonly AddressPart[])[]
  readonly evaluate: (flow: Flow) => Ternary
}

export type AddressPart =
  | { readonly kind: 'ip'; readonly prefixes: readonly Prefix[] }
  | { readonly kind: 'country'; readonly codes: readonly string[] }
  | { readonly kind: 'continent'; readonly codes: readonly string[] }
  | { readonly kind: 'asn'; readonly numbers: readonly number[] }
  | { readonly kind: 'set'; readonly prefixes: readonly Prefix[]; readonly key: string }
  | { readonly kind: 'missing-set'; readonly key: string }
  | { readonly kind: 'metadata' }

export type NameCondition = {
  readonly kind: 'name'
  readonly id: number
  readonly variable: Variable
  readonly alternatives: readonly (readonly NamePart[])[]
  readonly polarity: Polarity
  readonly assurance: 'verified' | 'dns'
}

export type NamePart = { readonly key: string; readonly patterns: DomainPatterns; readonly except?: DomainPatterns }

export type ConditionSource =
  | { readonly kind: 'subject'; readonly term: SubjectTerm }
  /** Of each list, one range must hold. */
  | { readonly kind: 'ports'; readonly lists: readonly (readonly PortRange[])[] }
  | { readonly kind: 'protocol'; readonly protocols: readonly Protocol[] }
  | { readonly kind: 'http'; readonly http: HttpCondition }
  | { readonly kind: 'content'; readonly detectors: readonly string[] }
