import { formatDomainPattern, formatPrefix, prefixCovers } from '@sallyport/net'
import type { DomainName, DomainPattern, Prefix } from '@sallyport/net'
import type { DomainPatterns } from '@sallyport/policy'
import { getPublicSuffix, parse } from 'tldts'
import { DomainList } from '../feeds/domain-list.ts'
import type { Feed, NamePatterns } from '../feeds/feed.ts'
import type { QuarantinedEntry } from './feed-state.ts'
import { PRIVATE_RANGES } from './private-ranges.ts'

const SHOWN = 1000
const SUFFIXES = {
  allowPrivateDomains: true,
  validateHostname: false,
  extractHostname: false,
  detectIp: false,
} as const

export type Guarded = {
  readonly feed: Feed
  readonly quarantine: { readonly count: number; readonly shown: readonly QuarantinedEntry[] }
}

/**
 * Keeps out of a feed what is in all likelihood a mistake of its maker: entries that cover a public suffix, a popular site
 * or a private range. `released` are entries that a person let in.
 */
export function guardEntries(feed: Feed, popular: ReadonlySet<string>, released: ReadonlySet<string>): Guarded {
  const shown: QuarantinedEntry[] = []
  let count = 0
  const keepOut = (entry: string, reason: string): boolean => {
    if (released.has(entry)) return false
    count++
    if (shown.length < SHOWN) shown.push({ entry, reason })
    return true
  }
  const suspicious = nameSuspicion(popular)
  const seen = new Set<string>()
  const isKept = (pattern: DomainPattern): boolean => {
    const reason = suspicious(pattern.name)
    if (reason === null) return true
    const entry = formatDomainPattern(pattern)
    if (seen.has(entry)) return released.has(entry)
    seen.add(entry)
    return !keepOut(entry, reason)
  }
  const guarded = withPatterns(feed, isKept)
  const prefixes = feed.prefixes.filter((prefix) => {
    const reason = prefixSuspicion(prefix)
    return reason === null || !keepOut(formatPrefix(prefix), reason)
  })
  return { feed: count === 0 ? feed : { ...guarded, prefixes }, quarantine: { count, shown } }
}

/** A feed with the names that are kept, for connections and for each type of query. */
function withPatterns(feed: Feed, isKept: (pattern: DomainPattern) => boolean): Feed {
  const kept = (patterns: DomainPatterns): DomainList => {
    const list = new DomainList()
    for (const pattern of patterns) {
      if (isKept(pattern)) list.add(pattern)
    }
    return list.finish()
  }
  const byQueryType = new Map<string, NamePatterns>()
  for (const [type, { domains, except }] of feed.byQueryType) {
    byQueryType.set(type, { domains: kept(domains), except })
  }
  return { ...feed, domains: kept(feed.domains), byQueryType }
}

/** A set of all names at or above a popular one answers for a million entries in a look-up each. */
function nameSuspicion(popular: ReadonlySet<string>): (name: DomainName) => string | null {
  const covering = new Map<string, string>()
  for (const site of popular) {
    covering.set(`www.${site}`, site)
    covering.set(site, site)
  }
  return (name) => {
    const site = covering.get(name)
    if (isPublicSuffix(name)) return 'covers a public suffix'
    return site === undefined ? null : `covers the popular site ${site}`
  }
}

/**
 * A name under which others register theirs. Where a host gives each tenant a name (`*.example.net` in the private part of the
 * list), a tenant's name is no suffix to keep out.
 */
function isPublicSuffix(name: DomainName): boolean {
  if (getPublicSuffix(name, SUFFIXES) !== name) return false
  const { isPrivate } = parse(name, SUFFIXES)
  const sibling = `sallyport-sibling${name.slice(name.indexOf('.'))}`
  return isPrivate !== true || !name.includes('.') || getPublicSuffix(sibling, SUFFIXES) !== sibling
}

/** A feed without the entries that were kept out of it before. */
export function withoutEntries(feed: Feed, entries: ReadonlySet<string>): Feed {
  if (entries.size === 0) return feed
  const kept = withPatterns(feed, (pattern) => !entries.has(formatDomainPattern(pattern)))
  return { ...kept, prefixes: feed.prefixes.filter((prefix) => !entries.has(formatPrefix(prefix))) }
}

function prefixSuspicion(prefix: Prefix): string | null {
  for (const { range, title } of PRIVATE_RANGES) {
    if (prefixCovers(range, prefix)) return `is in ${title}`
    if (prefixCovers(prefix, range)) return `covers ${title}`
  }
  return null
}
