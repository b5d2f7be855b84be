import { join } from 'node:path'
import type { Geography } from '@sallyport/catalog'
import { EMPTY_WORLD, type DestinationTerm, type Policy, type World } from '@sallyport/policy'
import { note } from '../output/print.ts'
import { feedFiles } from './feed-files.ts'
import { readableStates, stateDirectory } from './state-directory.ts'

const WORLDLY = [
  'country',
  'continent',
  'asn',
  'service',
  'feed',
  'category',
] as const satisfies readonly (keyof DestinationTerm)[]

/**
 * What the policies know of the world: the catalogue, the feeds given as NAME=FILE, and the copies in force of the feeds that the
 * policies bring along; nothing is read that none asks for.
 */
export async function readWorld(feeds: readonly string[], ...policies: readonly Policy[]): Promise<World> {
  return feeds.length === 0 && !policies.some(asksForWorld) ? EMPTY_WORLD : readWholeWorld(feeds, ...policies)
}

/** The same for who answers others meanwhile: a thread reads the feeds. */
export async function readWorldApart(feeds: readonly string[], policy: Policy): Promise<World> {
  if (feeds.length === 0 && !asksForWorld(policy)) return EMPTY_WORLD
  return readWorldWith({ geography: (await geographyReader())(), apart: true }, feeds, policy)
}

/** The same, whether or not a policy asks for it. */
export async function readWholeWorld(feeds: readonly string[], ...policies: readonly Policy[]): Promise<World> {
  return readWorldWith({ geography: (await geographyReader())(), apart: false }, feeds, ...policies)
}

/** Tables of countries and networks: the same as long as their files are. */
export async function geographyReader(): Promise<() => Geography> {
  const { keptGeography } = await import('@sallyport/catalog')
  return keptGeography(readableStates('geo'), warn, join(stateDirectory(), 'geo', 'compiled'))
}

export async function readWorldWith(
  how: { readonly geography: Geography; readonly apart: boolean },
  feeds: readonly string[],
  ...policies: readonly Policy[]
): Promise<World> {
  const files = await feedFiles(feeds)
  const { openWorld, readImported, subscriptionsOf } = await import('@sallyport/catalog')
  const subscriptions = policies
    .flatMap(subscriptionsOf)
    .filter(
      ({ name }) => !files.some((file) => file.name === name) && policies.some((policy) => namesFeed(policy, name)),
    )
  return openWorld({
    feeds: Object.fromEntries(files.map(({ name, file }) => [name, file])),
    subscriptions,
    stores: readableStates('feeds'),
    compiled: join(stateDirectory(), 'feeds', 'compiled'),
    imported: await readImported(readableStates('services')),
    ...how,
    warn,
  })
}

const warn = (text: string): void => note(`sallyport: ${text}`)

function asksForWorld(policy: Policy): boolean {
  return destinationTerms(policy).some((term) => WORLDLY.some((key) => term[key] !== undefined))
}

function namesFeed(policy: Policy, name: string): boolean {
  return destinationTerms(policy).some((term) => term.feed?.includes(name) === true)
}

function destinationTerms({ layers }: Policy): readonly DestinationTerm[] {
  return layers.flatMap(({ rules }) => rules.flatMap(({ to, exceptTo }) => [...(to ?? []), ...exceptTo]))
}
