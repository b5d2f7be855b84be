import type { Feed, InvalidFeed } from '../feeds/feed.ts'
import type { FeedCopy, FeedState } from './feed-state.ts'
import { digestOf, type FeedStore } from './feed-store.ts'
import type { FetchBounds, Validators } from './fetch-document.ts'
import { judgeChange } from './judge-change.ts'
import { obtainDocument } from './obtain-document.ts'
import { readGuarded } from './read-guarded.ts'
import type { Subscription } from './subscription.ts'

export type UpdateContext = {
  readonly store: FeedStore
  readonly nowMs: number
  readonly popular: ReadonlySet<string>
  readonly bounds?: FetchBounds | undefined
  readonly signal?: AbortSignal | undefined
}

export type Updated = {
  readonly name: string
  readonly outcome: 'updated' | 'unchanged' | 'held' | 'failed'
  /** Why it is held or failed. */
  readonly reason: string | null
  readonly state: FeedState
}

const MAX_BACKOFF_SECONDS = 86_400

/** Failures are tried again sooner than the refresh, and ever later. */
export function isDue({ refreshSeconds }: Subscription, { checkedMs, failures }: FeedState, nowMs: number): boolean {
  if (checkedMs === null || checkedMs > nowMs) return true
  const backoff = Math.min(MAX_BACKOFF_SECONDS, 60 * 2 ** Math.min(failures - 1, 20))
  const waitSeconds = failures === 0 ? refreshSeconds : Math.min(refreshSeconds, backoff)
  return nowMs - checkedMs >= waitSeconds * 1000
}

/** Looks for a new copy of a feed, and puts it in force when nothing speaks against it. The copy in force is never lost. */
export async function updateSubscription(subscription: Subscription, context: UpdateContext): Promise<Updated> {
  const { store, nowMs } = context
  const state = await store.state(subscription)
  const known = state.held ?? state.current
  const found = await obtainDocument(subscription, {
    ...context,
    validators: await validatorsOf(subscription, known, store),
  })
  if (found.kind === 'unchanged') return conclude('unchanged', null)
  if (found.kind === 'failed') return conclude('failed', found.reason)
  const isThere = await copyWith(digestOf(found.bytes))
  if (isThere === 'held') return conclude('unchanged', null)
  // The server went back to what is in force, so nothing waits any more.
  if (isThere === 'current') return conclude('unchanged', null, { held: null })
  const read = await readCopy(subscription, found.bytes, found.validators, state, context)
  if ('invalid' in read) return conclude('failed', read.invalid)
  // Whoever changes a file on this host is who would accept the change.
  const before = subscription.source.file === undefined ? (state.current?.entries ?? null) : null
  const reason = judgeChange(before, read.entries)
  await store.putDocument(subscription, found.bytes)
  if (reason === null) return conclude('updated', null, { current: read, held: null })
  return conclude('held', reason, { held: { ...read, reason } })

  async function copyWith(sha256: string): Promise<'current' | 'held' | null> {
    if ((await store.document(subscription, sha256)) === null) return null
    return state.current?.sha256 === sha256 ? 'current' : state.held?.sha256 === sha256 ? 'held' : null
  }

  async function conclude(
    outcome: Updated['outcome'],
    reason: string | null,
    changes: Partial<FeedState> = {},
  ): Promise<Updated> {
    const isFailure = outcome === 'failed'
    const next: FeedState = {
      ...state,
      ...changes,
      checkedMs: nowMs,
      failure: isFailure ? reason : null,
      failures: isFailure ? state.failures + 1 : 0,
    }
    await store.putState(subscription, next)
    const isStillHeld = outcome === 'unchanged' && next.held !== null
    return {
      name: subscription.name,
      outcome: isStillHeld ? 'held' : outcome,
      reason: isStillHeld ? next.held!.reason : reason,
      state: next,
    }
  }
}

/** Only of a copy whose document is there: else the server's "not modified" would leave nothing. */
async function validatorsOf(
  subscription: Subscription,
  known: FeedCopy | null,
  store: FeedStore,
): Promise<Validators | undefined> {
  if (known === null || (await store.document(subscription, known.sha256)) === null) return undefined
  return { etag: known.etag, lastModified: known.lastModified }
}

async function readCopy(
  subscription: Subscription,
  bytes: Uint8Array,
  validators: Validators,
  { released }: FeedState,
  context: UpdateContext,
): Promise<FeedCopy | InvalidFeed> {
  const guarded = await readGuarded(subscription, bytes, new Set(released), context)
  if ('invalid' in guarded) return guarded
  const { feed, quarantine } = guarded
  const entries = entryCount(feed)
  // Of a file on this host it is known who emptied it.
  if (entries === 0 && subscription.source.file === undefined) return { invalid: 'no entry of the list can be used' }
  return {
    sha256: digestOf(bytes),
    fetchedMs: context.nowMs,
    bytes: bytes.length,
    format: feed.format,
    entries,
    problems: feed.problems,
    quarantine,
    ...validators,
  }
}

export function entryCount({ domains, prefixes }: Feed): number {
  return domains.length + prefixes.length
}
