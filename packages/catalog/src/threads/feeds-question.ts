import type { FeedSources } from '../read-feeds.ts'
import type { Subscription } from '../subscriptions/subscription.ts'
import type { Updated } from '../subscriptions/update-subscription.ts'
import type { PortableFeed } from './portable-feed.ts'

/** What the thread of feeds is asked. */
export type FeedsQuestion =
  | { readonly kind: 'read'; readonly sources: FeedSources }
  | {
      readonly kind: 'update'
      readonly subscriptions: readonly Subscription[]
      /** Directory of the copies. */
      readonly store: string
      readonly which: WhichFeeds
      /** How long one may take; as long as any fetch may unless given. */
      readonly timeoutMs?: number
    }

/** Those whose time has come, or all of them. */
export type WhichFeeds = 'due' | 'all'

/** What it answers, by the kind of the question. */
export type FeedsAnswer = {
  readonly read: {
    readonly read: readonly (readonly [name: string, feed: PortableFeed])[]
    readonly warnings: readonly string[]
  }
  readonly update: readonly Updated[]
}
