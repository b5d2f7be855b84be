import type { Feed } from '../feeds/feed.ts'
import type { FeedStore } from './feed-store.ts'
import { loadSubscription } from './load-subscription.ts'
import { obtainDocument } from './obtain-document.ts'
import { readPopularSites } from './popular-sites.ts'
import type { Subscription } from './subscription.ts'
import { readGuarded } from './update-subscription.ts'

export type InForce = { readonly feed: Feed | null; readonly problem: string | null }

/** A file as it is now, when it can be read; else, and for a URL, the copy of the first store that has one. */
export async function feedInForce(
  subscription: Subscription,
  stores: readonly FeedStore[],
  nowMs: number,
): Promise<InForce> {
  const fromFile = subscription.source.file === undefined ? null : await readSourceFile(subscription, stores, nowMs)
  if (fromFile?.feed) return fromFile
  for (const store of stores) {
    const feed = await loadSubscription(subscription, store, nowMs)
    if (feed !== null) return { feed, problem: fromFile && `${fromFile.problem}; its last good copy is used` }
  }
  return { feed: null, problem: fromFile?.problem ?? 'there is no copy yet; sallyport feeds update fetches it' }
}

async function readSourceFile(
  subscription: Subscription,
  stores: readonly FeedStore[],
  nowMs: number,
): Promise<InForce> {
  const found = await obtainDocument(subscription, {})
  if (found.kind !== 'document') return { feed: null, problem: found.kind === 'failed' ? found.reason : 'unchanged' }
  const states = await Promise.all(stores.map((store) => store.state(subscription)))
  const released = new Set(states.flatMap((state) => state.released))
  const guarded = await readGuarded(subscription, found.bytes, released, { popular: readPopularSites(), nowMs })
  return 'invalid' in guarded ? { feed: null, problem: guarded.invalid } : { feed: guarded.feed, problem: null }
}
