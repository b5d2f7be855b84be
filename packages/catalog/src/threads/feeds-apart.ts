import type { Feed } from '../feeds/feed.ts'
import { readFeeds, type FeedSources } from '../read-feeds.ts'
import type { Updated } from '../subscriptions/update-subscription.ts'
import { askThread } from './ask-thread.ts'
import type { FeedsAnswer, FeedsQuestion } from './feeds-question.ts'
import { feedOfPortable } from './portable-feed.ts'

const THREAD = new URL('./feeds-thread.ts', import.meta.url)

/** The same as `readFeeds`, by a thread: a list of a million names is seconds of work. */
export async function readFeedsApart(
  { feeds = {}, subscriptions = [], stores = [], compiled }: FeedSources,
  warn: (text: string) => void,
): Promise<ReadonlyMap<string, Feed>> {
  const sources = { feeds, subscriptions, stores, ...(compiled === undefined ? {} : { compiled }) }
  if (Object.keys(feeds).length === 0 && subscriptions.length === 0) return new Map()
  const { read, warnings } = await askThread<FeedsAnswer['read']>(THREAD, {
    kind: 'read',
    sources,
  } satisfies FeedsQuestion)
  const found = new Map<string, Feed>()
  for (const [name, portable] of read) {
    const feed = feedOfPortable(portable)
    if (feed === null) return readFeeds(sources, warn)
    found.set(name, feed)
  }
  for (const warning of warnings) warn(warning)
  return found
}

/** Fetches feeds by a thread, one after another. */
export function updateFeedsApart(
  update: Omit<Extract<FeedsQuestion, { kind: 'update' }>, 'kind'>,
  signal?: AbortSignal,
): Promise<readonly Updated[]> {
  return askThread<FeedsAnswer['update']>(THREAD, { kind: 'update', ...update } satisfies FeedsQuestion, signal)
}
