import type { Prefix } from '@sallyport/net'
import type { DomainPatterns, FeedFormat } from '@sallyport/policy'

/** A line that could not be used. */
export type FeedProblem = {
  /** 1-based; of a JSON document, the line on which the object begins. */
  readonly line: number
  readonly reason: string
  /** The line's beginning, as it was. */
  readonly text: string
}

export type FeedProblems = {
  readonly count: number
  readonly byReason: Readonly<Record<string, number>>
  /** The first of them. */
  readonly shown: readonly FeedProblem[]
}

/** Names with holes in them: of all patterns that match a name the nearest decides. */
export type NamePatterns = { readonly domains: DomainPatterns; readonly except: DomainPatterns }

/** A list as a named set, with what could not be used of it. */
export type Feed = {
  readonly format: FeedFormat
  readonly domains: DomainPatterns
  readonly except: DomainPatterns
  readonly prefixes: readonly Prefix[]
  /**
   * Names by type of DNS query, where rules of the list differ in it, `*` for the types that none names. `domains` and `except`
   * are what holds for queries of addresses of both families, and so for connections.
   */
  readonly byQueryType: ReadonlyMap<string, NamePatterns>
  readonly problems: FeedProblems
}

/** A document that is no feed at all. */
export type InvalidFeed = { readonly invalid: string }

export type FeedChoice = {
  /** Told from the content when left out. */
  readonly format?: FeedFormat | undefined
  /** Of a CSV: the name of its header, or its number from 1 on; told from the content when left out. */
  readonly column?: string | number | undefined
  /** Only entries of this kind are used. */
  readonly kind?: 'domains' | 'addresses' | undefined
}
