import * as z from 'zod'
import type { FeedProblem, FeedProblems } from '../feeds/feed.ts'

/** An entry that the guard keeps out, and why. */
export type QuarantinedEntry = { readonly entry: string; readonly reason: string }

type Quarantine = { readonly count: number; readonly shown: readonly QuarantinedEntry[] }

/** A document that was fetched, and what was found in it. */
export type FeedCopy = {
  /** Of the document as it was fetched; it names the file. */
  readonly sha256: string
  readonly fetchedMs: number
  readonly bytes: number
  readonly format: string
  readonly entries: number
  readonly problems: FeedProblems
  readonly quarantine: Quarantine
  readonly etag: string | null
  readonly lastModified: string | null
}

export type FeedState = {
  readonly version: 1
  readonly name: string
  /** The copy in force. */
  readonly current: FeedCopy | null
  /** A copy that waits for a person to accept it, and why. */
  readonly held: (FeedCopy & { readonly reason: string }) | null
  readonly checkedMs: number | null
  /** Why the last check failed; `null` after one that did not. */
  readonly failure: string | null
  readonly failures: number
  /** Entries that are let out of the quarantine. */
  readonly released: readonly string[]
}

const count: z.ZodType<number> = z.int().min(0)
const problem: z.ZodType<FeedProblem> = z.object({ line: count, reason: z.string(), text: z.string() })
const copyFields = {
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  fetchedMs: z.number(),
  bytes: count,
  format: z.string(),
  entries: count,
  problems: z.object({ count, byReason: z.record(z.string(), count), shown: z.array(problem) }),
  quarantine: z.object({ count, shown: z.array(z.object({ entry: z.string(), reason: z.string() })) }),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
}
const stateSchema: z.ZodType<FeedState> = z.object({
  version: z.literal(1),
  name: z.string(),
  current: z.object(copyFields).nullable(),
  held: z.object({ ...copyFields, reason: z.string() }).nullable(),
  checkedMs: z.number().nullable(),
  failure: z.string().nullable(),
  failures: count,
  released: z.array(z.string()),
})

export function emptyState(name: string): FeedState {
  return { version: 1, name, current: null, held: null, checkedMs: null, failure: null, failures: 0, released: [] }
}

/** `null` when the text is no state: the feed then counts as never fetched. */
export function parseState(text: string): FeedState | null {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
