import { CompiledFeeds } from '../feeds/compiled/compiled-feeds.ts'
import type { Feed } from '../feeds/feed.ts'
import { digestOf, type FeedStore } from './feed-store.ts'
import { guardedFeed, loadSubscription } from './load-subscription.ts'
import { obtainDocument } from './obtain-document.ts'
import { readPopularSites } from './popular-sites.ts'
import type { Subscription } from './subscription.ts'
import { guardedSource, readGuarded } from './read-guarded.ts'

export type InForce = { readonly feed: Feed | null; readonly problem: string | null }

/** A file as it is now, when it can be read; else, and for a URL, the copy of the first store that has one. */
export async function feedInForce(
  subscription: Subscription,
  stores: readonly FeedStore[],
  nowMs: number,
  compiled: CompiledFeeds = new CompiledFeeds(null),
): Promise<InForce> {
  const isFile = subscription.source.file !== undefined
  const fromFile = isFile ? await readSourceFile(subscription, stores, nowMs, compiled) : null
  if (fromFile?.feed) return fromFile
  for (const store of stores) {
    const feed = await loadSubscription(subscription, store, nowMs, compiled)
    if (feed !== null) return { feed, problem: fromFile && `${fromFile.problem}; its last good copy is used` }
  }
  return { feed: null, problem: fromFile?.problem ?? 'there is no copy yet; sallyport feeds update fetches it' }
}

async function readSourceFile(
  subscription: Subscription,
  stores: readonly FeedStore[],
  nowMs: number,
  compiled: CompiledFeeds,
): Promise<InForce> {
  const found = await obtainDocument(subscription, {})
  if (found.kind !== 'document') return { feed: null, problem: found.kind === 'failed' ? found.reason : 'unchanged' }
  const states = await Promise.all(stores.map((store) => store.state(subscription)))
  const released = new Set(states.flatMap((state) => state.released))
  const popular = readPopularSites()
  const source = guardedSource(subscription, digestOf(found.bytes), released, popular)
  const feed = await compiled.get(source, nowMs, async () =>
    guardedFeed(await readGuarded(subscription, found.bytes, released, { popular, nowMs })),
  )
  return 'invalid' in feed ? { feed: null, problem: feed.invalid } : { feed, problem: null }
}
