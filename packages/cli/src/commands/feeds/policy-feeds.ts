import { join } from 'node:path'
import { Option } from 'commander'
import { FeedStore, readPopularSites, subscriptionsOf, type Subscription, type UpdateContext } from '@sallyport/catalog'
import { SallyportError } from '@sallyport/policy'
import { readPolicy } from '../../input/policy-files.ts'
import { repeatable } from '../../input/options.ts'
import { stateDirectory } from '../../input/state-directory.ts'

export type FeedsOptions = { readonly policy: readonly string[]; readonly store?: string; readonly json?: boolean }

export const policyOption = (): Option =>
  repeatable('--policy <file>', 'the policy whose feeds are meant; several are layers')
export const storeOption = (): Option => new Option('--store <dir>', 'directory of the copies')

/** The feeds of the policy; of those that are named, in that order. */
export async function policyFeeds(
  { policy }: FeedsOptions,
  names: readonly string[] = [],
): Promise<readonly Subscription[]> {
  if (policy.length === 0) {
    throw new SallyportError('usage', 'nothing says which policy', {
      remedy: 'Give --policy FILE, a policy with `feeds:`.',
    })
  }
  const all = subscriptionsOf(await readPolicy(policy))
  return names.length === 0 ? all : names.map((name) => named(all, name))
}

function named(all: readonly Subscription[], name: string): Subscription {
  const found = all.find((each) => each.name === name)
  if (found !== undefined) return found
  const known = all.map((each) => each.name).join(', ')
  throw new SallyportError('name-unknown', `the policy has no feed ${name}`, {
    remedy: known === '' ? 'The policy has no feeds; see docs/reference/policy.md.' : `Its feeds: ${known}.`,
  })
}

export function feedStore({ store }: FeedsOptions): FeedStore {
  return new FeedStore(store ?? join(stateDirectory(), 'feeds'))
}

export function updateContext(options: FeedsOptions): UpdateContext {
  return { store: feedStore(options), nowMs: Date.now(), popular: readPopularSites() }
}
