import type { Mode } from '@sallyport/policy'
import type { PolicyFile } from '@sallyport/store'

/** What a host can be told about its policy. */
export type PolicyChange = {
  readonly files: readonly PolicyFile[]
  /** Null: as it is now. */
  readonly mode: Mode | null
  readonly author: string
  readonly reason: string
  /** Without a confirmation in this time the policy before comes back. Null: it stays. */
  readonly confirmSeconds: number | null
}
