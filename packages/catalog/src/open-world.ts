import { EMPTY_WORLD, type World } from '@sallyport/policy'
import { continentOf, countriesOf } from './continents.ts'
import { openGeography, type Geography } from './geo/geography.ts'
import type { Feed } from './feeds/feed.ts'
import { OTHER_TYPES } from './feeds/type-limit.ts'
import { categorySet } from './categories/category-set.ts'
import { ServiceCatalogue } from './services/service-catalogue.ts'
import type { ImportedVendor } from './services/vendors/imported-store.ts'
import { readFeeds, type FeedSources } from './read-feeds.ts'
import { readFeedsApart } from './threads/feeds-apart.ts'

type WorldOptions = FeedSources & {
  /** By a thread, for who has others to answer meanwhile. */
  readonly apart?: boolean
  /** What vendors say of their services, imported earlier. */
  readonly imported?: readonly ImportedVendor[]
  /** Tables of countries and networks; else the default data, read when it is asked for. */
  readonly geography?: Geography
  /** Told of feeds that are not there, or not as they should be. */
  readonly warn?: (text: string) => void
}

/** What policies may refer to beyond themselves. Feeds are read now, geography on first use. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const feeds = await (options.apart === true ? readFeedsApart : readFeeds)(options, options.warn ?? (() => {}))
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
