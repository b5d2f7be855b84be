import type { Relayout, SpoolCounters, StoreRoom } from '@sallyport/store'
import type { HostFeed } from './followed-world.ts'
import type { HostPolicyStatus } from './host-policy-status.ts'

export type HostStatus = {
  readonly policy: HostPolicyStatus
  readonly startedMs: number
  readonly guarding: string
  readonly pid: number
  readonly kernel: object | null
  readonly spool: SpoolCounters
  /** Stored flows that still lie as an earlier version laid them; null: none, or nobody has looked. */
  readonly layingOut: Relayout | null
  /** Null: nobody has looked, or the store is a server's, held to nothing. */
  readonly room: StoreRoom | null
  readonly feeds: readonly HostFeed[]
}
