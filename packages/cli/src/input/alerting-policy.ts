import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parsePolicies, type Policy } from '@sallyport/policy'
import { isServerAddress, StateStore } from '@sallyport/store'
import { note } from '../output/print.ts'
import { readPolicy } from './policy-files.ts'
import { stateDirectory } from './state-directory.ts'

type AlertingPolicySource = {
  readonly policy: readonly string[]
  readonly flows?: string
  readonly store: string
  readonly stateStore?: string
}

/**
 * The policy whose rules decided the flows: that of the files; else, of a store, what `up` or `gateway` has put in force beside
 * it. Null where none is known: a log says nothing of where it comes from.
 */
export async function alertingPolicy({
  policy,
  flows,
  store,
  stateStore,
}: AlertingPolicySource): Promise<Policy | null> {
  if (policy.length > 0) return readPolicy(policy)
  if (flows !== undefined) return null
  const beside = join(isServerAddress(store) ? stateDirectory() : dirname(store), 'state.db')
  if (stateStore === undefined && !existsSync(beside)) return null
  try {
    await using state = await StateStore.open(stateStore ?? beside)
    const { version } = await state.policies.inForce()
    const files = version === null ? [] : ((await state.policies.get(version))?.files ?? [])
    const read = files.length === 0 ? null : parsePolicies(files)
    return read !== null && read.ok ? read.value : null
  } catch (error) {
    note(`the policy in force is not known: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}
