import {
  formatDomainPattern,
  formatPrefix,
  matchDomain,
  prefixContains,
  type Address,
  type DomainName,
} from '@sallyport/net'
import { setHoldsName } from '@sallyport/policy'
import type { Feed } from './feed.ts'

/** The nearest entry that holds a name or an address; `null` when none does, or an exception is nearer. */
export function findInFeed(feed: Feed, wanted: DomainName | Address): string | null {
  if (typeof wanted === 'object') {
    const holding = feed.prefixes.filter((prefix) => prefixContains(prefix, wanted))
    return holding.length === 0 ? null : formatPrefix(holding.reduce((a, b) => (b.length > a.length ? b : a)))
  }
  if (!setHoldsName(feed, wanted)) return null
  let nearest: string | null = null
  let length = 0
  for (const pattern of feed.domains) {
    if (pattern.name.length <= length || !matchDomain(pattern, wanted)) continue
    nearest = formatDomainPattern(pattern)
    length = pattern.name.length
  }
  return nearest
}
