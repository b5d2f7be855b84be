import { readFeeds } from '../read-feeds.ts'
import { FeedStore } from '../subscriptions/feed-store.ts'
import { FETCH_BOUNDS } from '../subscriptions/fetch-document.ts'
import { readPopularSites } from '../subscriptions/popular-sites.ts'
import { updateDueFeeds } from '../subscriptions/refresh-feeds.ts'
import { updateSubscription, type UpdateContext, type Updated } from '../subscriptions/update-subscription.ts'
import { answerAsThread } from './answer-as-thread.ts'
import type { FeedsAnswer, FeedsQuestion } from './feeds-question.ts'
import { portableFeed } from './portable-feed.ts'

await answerAsThread<FeedsQuestion, FeedsAnswer[keyof FeedsAnswer]>((question) =>
  question.kind === 'read' ? read(question) : update(question),
)

async function read({ sources }: Extract<FeedsQuestion, { kind: 'read' }>): Promise<FeedsAnswer['read']> {
  const warnings: string[] = []
  const feeds = await readFeeds(sources, (text) => warnings.push(text))
  return { read: [...feeds].map(([name, feed]) => [name, portableFeed(feed)] as const), warnings }
}

async function update({
  subscriptions,
  store,
  which,
  timeoutMs,
}: Extract<FeedsQuestion, { kind: 'update' }>): Promise<FeedsAnswer['update']> {
  const context: UpdateContext = {
    store: new FeedStore(store),
    nowMs: Date.now(),
    popular: readPopularSites(),
    bounds: { ...FETCH_BOUNDS, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  }
  if (which === 'all') {
    const updated: Updated[] = []
    for (const each of subscriptions) updated.push(await updateSubscription(each, context))
    return updated
  }
  return updateDueFeeds(subscriptions, context)
}
