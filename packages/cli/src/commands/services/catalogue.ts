import { CATEGORIES, readImported, ServiceCatalogue, type KnownService } from '@sallyport/catalog'
import { nearest, SallyportError } from '@sallyport/policy'
import { readableStates } from '../../input/state-directory.ts'

/** A service or a category, as the commands show it. */
export type Entry = KnownService & { readonly name: string; readonly kind: 'service' | 'category' }

export async function catalogueEntries(): Promise<readonly Entry[]> {
  const catalogue = new ServiceCatalogue(await readImported(readableStates('services')))
  const services = catalogue.names.map((name): Entry => ({ name, kind: 'service', ...catalogue.get(name)! }))
  const categories = Object.entries(CATEGORIES).map(([name, { title, domains, source }]): Entry => {
    return { name, kind: 'category', title, facts: [{ source, domains, prefixes: [], ports: [], fetchedMs: null }] }
  })
  return [...services, ...categories]
}

export async function entriesNamed(name: string): Promise<readonly Entry[]> {
  const all = await catalogueEntries()
  const found = all.filter((each) => each.name === name)
  if (found.length > 0) return found
  const names = all.map((each) => each.name)
  const alike = nearest(name, names)
  const near = alike === null ? names.filter((each) => each.includes(name.toLowerCase())) : [alike]
  throw new SallyportError('name-unknown', `there is no service or category ${name}`, {
    remedy:
      near.length > 0
        ? `Is one of these meant? ${near.slice(0, 10).join(', ')}`
        : '`sallyport services list` lists them.',
  })
}

export function counted({ facts }: Entry): { readonly domains: number; readonly prefixes: number } {
  return {
    domains: new Set(facts.flatMap(({ domains }) => domains)).size,
    prefixes: new Set(facts.flatMap(({ prefixes }) => prefixes)).size,
  }
}
