import type { FollowedHost, FollowedWorld, HostFeed } from '@sallyport/agent'
import type { FeedState } from '@sallyport/catalog'
import { ipv4 } from '@sallyport/net'
import { SallyportError, type Policy, type World } from '@sallyport/policy'
import type { FeedCounters } from '../output/feed-metrics.ts'
import { FeedRefresh, fetchMissingFeeds } from './feed-refresh.ts'
import { geographyReader, readWorldWith } from './world.ts'

/** Countries and networks are recorded whether or not the policy asks for them. */
export async function hostWorldReader(feeds: readonly string[]): Promise<(policy: Policy) => Promise<World>> {
  const geography = await geographyReader()
  return async (policy) => {
    await fetchMissingFeeds(feeds, policy)
    const { countries, networks } = geography()
    // Now, while nobody waits: the first flow would.
    for (const table of [countries, networks]) table.find(ipv4(0))
    return readWorldWith({ geography: geography(), apart: true }, feeds, policy)
  }
}

/** Fetches the feeds of the host's policy as they become due. What cannot be put in force leaves what was. */
export function followHostFeeds(feeds: readonly string[], host: FollowedHost, counters: FeedCounters): FollowedWorld {
  const changed = (names: readonly string[]): Promise<void> => host.readAgain(names.join(', '))
  const refresh = new FeedRefresh({ policy: host.policy, feeds, changed, counters })
  return {
    feeds: () => refresh.states.map(hostFeed),
    refresh: async (name) => {
      const updated = await refresh.lookNow(name)
      if (updated !== null) return { outcome: updated.outcome, reason: updated.reason }
      throw new SallyportError('name-unknown', `the policy in force has no feed ${name}`)
    },
    [Symbol.dispose]: () => refresh[Symbol.dispose](),
  }
}

function hostFeed({ name, current, checkedMs, failure, held }: FeedState): HostFeed {
  return {
    name,
    entries: current?.entries ?? 0,
    fetchedMs: current?.fetchedMs ?? null,
    checkedMs,
    problem: failure ?? (held === null ? null : `a new copy is held back: it ${held.reason}`),
  }
}
