import type { Feed } from '../feeds/feed.ts'
import { parseFeed } from '../feeds/parse-feed.ts'
import { unpackFeed } from '../feeds/unpack-feed.ts'
import type { FeedStore } from './feed-store.ts'
import { withoutEntries } from './guard-entries.ts'
import { readPopularSites } from './popular-sites.ts'
import { readGuarded } from './update-subscription.ts'
import type { Subscription } from './subscription.ts'

/** The copy of a feed that is in force; `null` when there is none that can be read. */
export async function loadSubscription(
  subscription: Subscription,
  store: FeedStore,
  nowMs: number,
): Promise<Feed | null> {
  const { current, released } = await store.state(subscription)
  const bytes = current === null ? null : await store.document(subscription, current.sha256)
  if (current === null || bytes === null) return null
  const { shown, count } = current.quarantine
  if (count > shown.length) {
    const guarded = await readGuarded(subscription, bytes, new Set(released), { popular: readPopularSites(), nowMs })
    return 'invalid' in guarded ? null : guarded.feed
  }
  const unpacked = await unpackFeed(bytes)
  const feed = 'invalid' in unpacked ? unpacked : await parseFeed(unpacked, subscription.source, nowMs)
  return 'invalid' in feed ? null : withoutEntries(feed, new Set(shown.map(({ entry }) => entry)))
}
