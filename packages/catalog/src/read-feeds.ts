import { SallyportError } from '@sallyport/policy'
import { CompiledFeeds } from './feeds/compiled/compiled-feeds.ts'
import type { Feed } from './feeds/feed.ts'
import { readFeed } from './feeds/read-feed.ts'
import { feedInForce } from './subscriptions/feed-in-force.ts'
import { FeedStore } from './subscriptions/feed-store.ts'
import type { Subscription } from './subscriptions/subscription.ts'

export type FeedSources = {
  /** Feed name → file. */
  readonly feeds?: Readonly<Record<string, string>>
  /** Feeds whose copies are looked for in the stores, in that order. */
  readonly subscriptions?: readonly Subscription[]
  readonly stores?: readonly string[]
  /** Directory of large feeds as they were read before; none are kept unless given. */
  readonly compiled?: string
}

/** The feeds by name. One that was named by a file and cannot be read is an error, one of a policy is told of and left out. */
export async function readFeeds(
  { feeds: files = {}, subscriptions = [], stores: directories = [], compiled: kept }: FeedSources,
  warn: (text: string) => void,
): Promise<ReadonlyMap<string, Feed>> {
  const compiled = new CompiledFeeds(kept ?? null)
  const feeds = new Map<string, Feed>()
  for (const [name, file] of Object.entries(files)) {
    const feed = await readFeed(file, {}, Date.now(), compiled)
    if ('invalid' in feed) throw new SallyportError('feed-invalid', `feed ${name}: ${file}: ${feed.invalid}`)
    feeds.set(name, feed)
  }
  const stores = directories.map((directory) => new FeedStore(directory))
  for (const subscription of subscriptions) {
    const { feed, problem } = await feedInForce(subscription, stores, Date.now(), compiled)
    if (problem !== null) warn(`feed ${subscription.name}: ${problem}`)
    if (feed !== null) feeds.set(subscription.name, feed)
  }
  return feeds
}
