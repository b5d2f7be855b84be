import { EMPTY_WORLD, SallyportError, type World } from '@sallyport/policy'
import { continentOf, countriesOf } from './continents.ts'
import { openGeography, type Geography } from './geo/geography.ts'
import { CompiledFeeds } from './feeds/compiled/compiled-feeds.ts'
import type { Feed } from './feeds/feed.ts'
import { readFeed } from './feeds/read-feed.ts'
import { OTHER_TYPES } from './feeds/type-limit.ts'
import { categorySet } from './categories/category-set.ts'
import { ServiceCatalogue } from './services/service-catalogue.ts'
import type { ImportedVendor } from './services/vendors/imported-store.ts'
import { feedInForce } from './subscriptions/feed-in-force.ts'
import { FeedStore } from './subscriptions/feed-store.ts'
import type { Subscription } from './subscriptions/subscription.ts'

export type WorldOptions = {
  /** Feed name → file. */
  readonly feeds?: Readonly<Record<string, string>>
  /** Feeds whose copies are looked for in the stores, in that order. */
  readonly subscriptions?: readonly Subscription[]
  readonly stores?: readonly string[]
  /** Directory of large feeds as they were read before; none are kept unless given. */
  readonly compiled?: string
  /** What vendors say of their services, imported earlier. */
  readonly imported?: readonly ImportedVendor[]
  /** Tables of countries and networks; else the default data, read when it is asked for. */
  readonly geography?: Geography
  /** Told of feeds that are not there, or not as they should be. */
  readonly warn?: (text: string) => void
}

/** What policies may refer to beyond themselves. Feeds are read now, geography on first use. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const compiled = new CompiledFeeds(options.compiled ?? null)
  const feeds = new Map<string, Feed>()
  for (const [name, file] of Object.entries(options.feeds ?? {})) {
    const feed = await readFeed(file, {}, Date.now(), compiled)
    if ('invalid' in feed) throw new SallyportError('feed-invalid', `feed ${name}: ${file}: ${feed.invalid}`)
    feeds.set(name, feed)
  }
  const stores = (options.stores ?? []).map((directory) => new FeedStore(directory))
  for (const subscription of options.subscriptions ?? []) {
    const { feed, problem } = await feedInForce(subscription, stores, Date.now(), compiled)
    if (problem !== null) options.warn?.(`feed ${subscription.name}: ${problem}`)
    if (feed !== null) feeds.set(subscription.name, feed)
  }
  const services = new ServiceCatalogue(options.imported)
  const { countries, networks } = options.geography ?? openGeography([], options.warn)
  const world: World = {
    ...EMPTY_WORLD,
    service: (name) => services.set(name),
    category: categorySet,
    feed: (name) => feeds.get(name) ?? null,
    country: (address) => countries.find(address),
    countryPrefixes: (code) => countries.prefixesOf(code),
    asn: (address) => {
      const found = networks.find(address)
      return found === null ? null : Number(found)
    },
    asnPrefixes: (asn) => networks.prefixesOf(String(asn)),
    continent: continentOf,
    countriesOf,
  }
  return withQueryTypes(world, feeds)
}

/** Rules of a list may be for some types of queries only. */
function withQueryTypes(world: World, feeds: ReadonlyMap<string, Feed>): World {
  const types = new Set([...feeds.values()].flatMap(({ byQueryType }) => [...byQueryType.keys()]))
  if (types.size === 0) return world
  return {
    ...world,
    queryTypes: [...types],
    forQueryType: (type) => ({
      ...world,
      feed: (name) => {
        const feed = feeds.get(name)
        if (feed === undefined) return null
        const { byQueryType, prefixes } = feed
        return { ...(byQueryType.get(type) ?? byQueryType.get(OTHER_TYPES) ?? feed), prefixes }
      },
    }),
  }
}
