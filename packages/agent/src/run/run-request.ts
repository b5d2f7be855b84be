import type { Endpoint } from '@sallyport/dns'
import type { FlowRecord } from '@sallyport/flow'
import type { Policy, World } from '@sallyport/policy'

export type RunRequest = {
  readonly policy: Policy
  readonly world: World
  readonly command: readonly string[]
  /** DNS servers; none: those of the system. */
  readonly upstreams: readonly Endpoint[]
  /** Every flow as it is decided. */
  readonly onFlow: (record: FlowRecord) => void
  /** What the person should know and the run goes on with. */
  readonly onWarning: (text: string) => void
}

export type RunOutcome = {
  /** The command's; 128 + n when signal n ended it, 127 when it was not found, 126 when it cannot be executed. */
  readonly exitCode: number
  readonly signal: NodeJS.Signals | null
  readonly durationMs: number
  readonly way: 'cgroup' | 'namespace'
  /** Decisions that were made but could not be reported. */
  readonly lostEvents: number
  /** Flows of which what they carried could not be told. */
  readonly lostEnds: number
}
