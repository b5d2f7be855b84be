import type { FeedState } from './feed-state.ts'
import { readGuarded } from './read-guarded.ts'
import { entryCount, type UpdateContext } from './update-subscription.ts'
import type { Subscription } from './subscription.ts'

type Accepted = { readonly state: FeedState } | { readonly refused: string }

/** Puts the copy that waits in force. */
export async function acceptHeld(subscription: Subscription, { store }: UpdateContext): Promise<Accepted> {
  const state = await store.state(subscription)
  if (state.held === null) return { refused: 'no copy waits to be accepted' }
  const { reason: _, ...copy } = state.held
  const next = { ...state, current: copy, held: null }
  await store.putState(subscription, next)
  return { state: next }
}

/** Lets entries out of the quarantine, in this copy and all that follow. */
export async function releaseEntries(
  subscription: Subscription,
  entries: readonly string[],
  context: UpdateContext,
): Promise<Accepted> {
  const state = await context.store.state(subscription)
  const { current } = state
  const document = current === null ? null : await context.store.document(subscription, current.sha256)
  if (current === null || document === null) return { refused: 'there is no copy of the feed' }
  const unknown = entries.filter((entry) => !current.quarantine.shown.some((each) => each.entry === entry))
  if (unknown.length > 0) return { refused: `${unknown.join(', ')} is not in quarantine` }
  const released = [...new Set([...state.released, ...entries])]
  const guarded = await readGuarded(subscription, document, new Set(released), context)
  if ('invalid' in guarded) return { refused: guarded.invalid }
  const { feed, quarantine } = guarded
  const next = { ...state, released, current: { ...current, entries: entryCount(feed), quarantine } }
  await context.store.putState(subscription, next)
  return { state: next }
}
