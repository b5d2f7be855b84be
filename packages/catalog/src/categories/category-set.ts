import { parseDomainPattern } from '@sallyport/net'
import { NEWLY_SEEN, type NamedSet } from '@sallyport/policy'
import { CATEGORIES } from './categories.ts'

/** Names that are known to be of a category; null when there is no such category. */
export function categorySet(name: string): NamedSet | null {
  // The resolver tells which names are of it; to all others none is.
  if (name === NEWLY_SEEN) return { domains: [], prefixes: [] }
  if (!Object.hasOwn(CATEGORIES, name)) return null
  const domains = CATEGORIES[name]!.domains.map(parseDomainPattern).filter((each) => each !== null)
  return { domains, prefixes: [] }
}
