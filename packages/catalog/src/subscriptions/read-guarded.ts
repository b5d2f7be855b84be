import type { InvalidFeed } from '../feeds/feed.ts'
import { parseFeed } from '../feeds/parse-feed.ts'
import { unpackFeed } from '../feeds/unpack-feed.ts'
import { digestOf } from './feed-store.ts'
import { guardEntries, type Guarded } from './guard-entries.ts'
import type { Subscription } from './subscription.ts'

/** A document as a feed, without what the guard keeps out. */
export async function readGuarded(
  { source }: Subscription,
  bytes: Uint8Array,
  released: ReadonlySet<string>,
  { popular, nowMs }: { readonly popular: ReadonlySet<string>; readonly nowMs: number },
): Promise<Guarded | InvalidFeed> {
  const unpacked = await unpackFeed(bytes)
  if ('invalid' in unpacked) return unpacked
  const feed = parseFeed(unpacked, source, nowMs)
  return 'invalid' in feed ? feed : guardEntries(feed, popular, released)
}

/** All that the outcome of `readGuarded` depends on. */
export function guardedSource(
  { source: { format, column, kind } }: Subscription,
  sha256: string,
  released: ReadonlySet<string>,
  popular: ReadonlySet<string>,
): readonly unknown[] {
  const sites = digestOf(Buffer.from([...popular].join('\n')))
  return ['guarded', sha256, format, column, kind, [...released].sort(), sites]
}
