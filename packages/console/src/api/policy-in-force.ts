import { WATCH_ONLY } from '@sallyport/agent'
import { parsePolicies, type Policy } from '@sallyport/policy'
import type { StateStore } from '@sallyport/store'
import type { PolicyFile } from '@sallyport/store'

/** What the state store says holds. */
export type HeldPolicy = {
  readonly version: number | null
  readonly mode: 'monitor' | 'enforce'
  readonly files: readonly PolicyFile[]
}

export function heldPolicy({ policies }: StateStore): HeldPolicy {
  const { version } = policies.inForce()
  const held = version === null ? null : policies.get(version)
  return held ?? { version: null, mode: 'monitor', files: WATCH_ONLY }
}

/** It was read when it was applied; null when this version of Sallyport cannot read it any more. */
export function policyInForce(state: StateStore): Policy | null {
  const read = parsePolicies(heldPolicy(state).files)
  return read.ok ? read.value : null
}
