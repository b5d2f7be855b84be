import type { Mode } from '@sallyport/policy'
import type { PolicyInForceState } from '@sallyport/store'

export type HostPolicyStatus = PolicyInForceState & {
  readonly mode: Mode
  readonly layers: readonly string[]
  readonly author: string | null
  readonly reason: string | null
  readonly createdMs: number | null
  /** Why the state store does not know this yet; null: it does. */
  readonly stateProblem: string | null
}
