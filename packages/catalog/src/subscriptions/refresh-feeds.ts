import type { Subscription } from './subscription.ts'
import { isDue, updateSubscription, type UpdateContext, type Updated } from './update-subscription.ts'

/** Fetches the feeds whose time has come, one after another. One that fails waits longer each time. */
export async function updateDueFeeds(
  subscriptions: readonly Subscription[],
  context: UpdateContext,
): Promise<readonly Updated[]> {
  const updated: Updated[] = []
  for (const subscription of subscriptions) {
    if (context.signal?.aborted === true) break
    const state = await context.store.state(subscription)
    if (isDue(subscription, state, context.nowMs)) updated.push(await updateSubscription(subscription, context))
  }
  return updated
}

/** Those of a URL of which no copy is in force. */
export async function missingFeeds(
  subscriptions: readonly Subscription[],
  { store }: Pick<UpdateContext, 'store'>,
): Promise<readonly Subscription[]> {
  const missing: Subscription[] = []
  for (const subscription of subscriptions.filter(({ source }) => source.url !== undefined)) {
    if ((await store.state(subscription)).current === null) missing.push(subscription)
  }
  return missing
}
