import { openChecked } from '../feeds/compiled/compiled-file.ts'
import { feedOfSections, sectionsOf, type FeedHeader } from '../feeds/compiled/feed-sections.ts'
import { StoredPatterns } from '../feeds/compiled/stored-patterns.ts'
import { DomainList } from '../feeds/domain-list.ts'
import type { Feed } from '../feeds/feed.ts'

/** A feed as a message between threads: where its compiled file is, or all of it. */
export type PortableFeed =
  { readonly compiled: string } | { readonly header: FeedHeader; readonly sections: readonly Uint8Array<ArrayBuffer>[] }

export function portableFeed(feed: Feed): PortableFeed {
  if (feed.domains instanceof StoredPatterns) return { compiled: feed.domains.path }
  const { header, sections } = sectionsOf(feed)
  // Octets of their own: a message carries all of the memory that they are a part of.
  return { header, sections: sections.map((octets) => new Uint8Array(octets)) }
}

/** `null` when its file has been removed since. */
export function feedOfPortable(portable: PortableFeed): Feed | null {
  if ('compiled' in portable) return openChecked(portable.compiled)
  const { header, sections } = portable
  const [prefixes, ...lists] = sections
  const patterns = lists.map((octets, at) => DomainList.of(octets, header.lists[at]!.length))
  return feedOfSections(header, prefixes!, patterns)
}
