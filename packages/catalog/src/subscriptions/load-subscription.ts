import { CompiledFeeds } from '../feeds/compiled/compiled-feeds.ts'
import type { Feed, InvalidFeed } from '../feeds/feed.ts'
import { parseFeed } from '../feeds/parse-feed.ts'
import { unpackFeed } from '../feeds/unpack-feed.ts'
import type { FeedStore } from './feed-store.ts'
import { withoutEntries } from './guard-entries.ts'
import { readPopularSites } from './popular-sites.ts'
import { guardedSource, readGuarded } from './read-guarded.ts'
import type { Subscription } from './subscription.ts'

/** The copy of a feed that is in force; `null` when there is none that can be read. */
export async function loadSubscription(
  subscription: Subscription,
  store: FeedStore,
  nowMs: number,
  compiled: CompiledFeeds = new CompiledFeeds(null),
): Promise<Feed | null> {
  const { current, released } = await store.state(subscription)
  const bytes = current === null ? null : await store.document(subscription, current.sha256)
  if (current === null || bytes === null) return null
  const { shown, count } = current.quarantine
  const isShownWhole = count <= shown.length
  const keptOut = shown.map(({ entry }) => entry)
  const popular = isShownWhole ? null : readPopularSites()
  const { format, column, kind } = subscription.source
  const source =
    popular === null
      ? ['kept-out', current.sha256, format, column, kind, keptOut]
      : guardedSource(subscription, current.sha256, new Set(released), popular)
  const feed = await compiled.get(source, nowMs, async () =>
    popular === null
      ? readWithout(subscription, bytes, new Set(keptOut), nowMs)
      : guardedFeed(await readGuarded(subscription, bytes, new Set(released), { popular, nowMs })),
  )
  return 'invalid' in feed ? null : feed
}

async function readWithout(
  { source }: Subscription,
  bytes: Uint8Array,
  keptOut: ReadonlySet<string>,
  nowMs: number,
): Promise<Feed | InvalidFeed> {
  const unpacked = await unpackFeed(bytes)
  const feed = 'invalid' in unpacked ? unpacked : parseFeed(unpacked, source, nowMs)
  return 'invalid' in feed ? feed : withoutEntries(feed, keptOut)
}

export function guardedFeed(read: Awaited<ReturnType<typeof readGuarded>>): Feed | InvalidFeed {
  return 'invalid' in read ? read : read.feed
}
