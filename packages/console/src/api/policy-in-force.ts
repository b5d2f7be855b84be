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

export async function heldPolicy({ policies }: StateStore): Promise<HeldPolicy> {
  const { version } = await policies.inForce()
  const held = version === null ? null : await policies.get(version)
  return held === null
    ? { version: null, mode: 'monitor', files: WATCH_ONLY }
    : { version: held.version, mode: held.mode, files: held.files }
}

/** It was read when it was applied; null when this version of Sallyport cannot read it any more. */
export async function policyInForce(state: StateStore): Promise<Policy | null> {
  const read = parsePolicies((await heldPolicy(state)).files)
  return read.ok ? read.value : null
}
