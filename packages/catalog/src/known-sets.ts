import { NEWLY_SEEN, type KnownNames } from '@sallyport/policy'
import { CATEGORIES } from './categories/categories.ts'
import { VENDORS } from './services/vendors/vendors.ts'
import { ServiceCatalogue } from './services/service-catalogue.ts'
import type { ImportedVendor } from './services/vendors/imported-store.ts'

export type KnownSets = Required<Pick<KnownNames, 'service' | 'category'>> & {
  /** Services that an import of a vendor brings, or brings parts of. */
  readonly importable: ReadonlySet<string>
}

/** Names of the services and categories that policies may speak of. */
export function knownSets(imported: readonly ImportedVendor[]): KnownSets {
  return {
    importable: new Set(Object.values(VENDORS).flatMap(({ services }) => services)),
    service: new Set(new ServiceCatalogue(imported).names),
    category: new Set([...Object.keys(CATEGORIES), NEWLY_SEEN]),
  }
}
