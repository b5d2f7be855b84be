import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parsePolicies, type Policy } from '@sallyport/policy'
import { isServerAddress, StateStore } from '@sallyport/store'
import { note } from '../output/print.ts'
import { storePlace, type FlowSource } from './flow-source.ts'
import { readPolicy } from './policy-files.ts'

type AlertingPolicySource = FlowSource & { readonly policy: readonly string[]; readonly stateStore?: string }

/**
 * The policy whose rules decided the flows: that of the files; else, of a store, what `up` or `gateway` has put in force beside
 * it. Null where none is known: a log says nothing of where it comes from.
 */
export async function alertingPolicy(source: AlertingPolicySource): Promise<Policy | null> {
  const { policy, flows, state, stateStore } = source
  if (policy.length > 0) return readPolicy(policy)
  if (flows !== undefined) return null
  const place = storePlace(source)
  const beside = join(isServerAddress(place) ? state : dirname(place), 'state.db')
  if (stateStore === undefined && !existsSync(beside)) return null
  try {
    await using stored = await StateStore.open(stateStore ?? beside)
    const { version } = await stored.policies.inForce()
    const files = version === null ? [] : ((await stored.policies.get(version))?.files ?? [])
    const read = files.length === 0 ? null : parsePolicies(files)
    return read !== null && read.ok ? read.value : null
  } catch (error) {
    note(`the policy in force is not known: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}
