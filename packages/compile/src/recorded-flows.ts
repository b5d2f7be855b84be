import type { Flow } from '@sallyport/policy'

/** Flows of the past whose facts nobody tells apart, and what became of them. */
export type RecordedFlows = {
  readonly flow: Flow
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /** `null`: the log says nothing of a verdict. */
  readonly recorded: {
    readonly verdict: string
    readonly mode: string
    readonly rule: string | null
    readonly reason: string
  } | null
  /** Where `flow` does not say which: some of them. */
  readonly apps?: readonly string[]
  readonly users?: readonly string[]
}

/** What flows have to be told apart by. */
export type AskedOfFlows = {
  readonly facts: readonly string[]
  readonly byReason: boolean
  readonly byMinute: boolean
  /** So many applications and users are listed where they are not asked for. */
  readonly listed: number
}

/** All that were recorded, so many at a time; equal facts may be in several slices. */
export type InSlices<T> = Iterable<Iterable<T>> | AsyncIterable<Iterable<T>>

/** Whether they left: what was only watched did, and so did what another tool's log lists. */
export function haveLeft({ recorded }: RecordedFlows): boolean {
  return recorded === null || recorded.verdict === 'allow' || recorded.mode === 'monitor'
}
