import type { Flow } from '@sallyport/policy'

/** Flows of the past with equal facts, and what became of them. */
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
}

/** All that were recorded, so many at a time; equal facts may be in several slices. */
export type InSlices<T> = Iterable<Iterable<T>> | AsyncIterable<Iterable<T>>

/** Whether they left: what was only watched did, and so did what another tool's log lists. */
export function haveLeft({ recorded }: RecordedFlows): boolean {
  return recorded === null || recorded.verdict === 'allow' || recorded.mode === 'monitor'
}
