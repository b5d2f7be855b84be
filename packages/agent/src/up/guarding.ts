import type { FlowRecord } from '@sallyport/flow'
import type { Lost } from '@sallyport/kernel'
import type { Policy, World } from '@sallyport/policy'

/** What enforces the policy of this host. */
export type Guard = AsyncDisposable & {
  /** Puts a policy in force as a whole, or throws and leaves the one before. */
  readonly apply: (policy: Policy, world: World) => Promise<void>
  readonly counters: () => object | null
  /** What was lost since it was taken last; when it has ended, by then. */
  readonly takeLost: () => Lost
}

export type Guarding = {
  /** For whoever asks what is guarded. */
  readonly what: string
  readonly open: (policy: Policy, world: World, onFlow: (record: FlowRecord) => void) => Promise<Guard>
}
