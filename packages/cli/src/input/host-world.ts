import type { Policy, World } from '@sallyport/policy'
import { fetchMissingFeeds } from './feed-refresh.ts'
import { readWholeWorld } from './world.ts'

/** Countries and networks are recorded whether or not the policy asks for them. */
export async function readHostWorld(feeds: readonly string[], policy: Policy): Promise<World> {
  await fetchMissingFeeds(feeds, policy)
  return readWholeWorld(feeds, policy)
}
