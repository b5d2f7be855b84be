import type { NamedSet } from '@sallyport/policy'
import type { Service, ServiceFact } from './service.ts'
import { serviceSet } from './service-set.ts'
import { SERVICES } from './services.ts'
import { VENDORS } from './vendors/vendors.ts'
import type { ImportedVendor } from './vendors/imported-store.ts'

/** A fact with the day on which it was imported; `null` for those that come with Sallyport. */
type DatedFact = ServiceFact & { readonly fetchedMs: number | null }
export type KnownService = Omit<Service, 'facts'> & { readonly facts: readonly DatedFact[] }

/** Services that come with Sallyport, and what was imported of vendors. */
export class ServiceCatalogue {
  readonly #services = new Map<string, KnownService>()
  readonly #sets = new Map<string, NamedSet>()

  constructor(imported: readonly ImportedVendor[] = []) {
    for (const [name, { title, facts }] of Object.entries(SERVICES)) {
      this.#services.set(name, { title, facts: facts.map((fact) => ({ ...fact, fetchedMs: null })) })
    }
    for (const { vendor, source, fetchedMs, services } of imported) {
      for (const [name, said] of Object.entries(services)) {
        const { title, facts } = this.#services.get(name) ?? { title: titleOf(vendor, name), facts: [] }
        const more = said.map((each) => ({ source, fetchedMs, ...each }))
        this.#services.set(name, { title, facts: [...facts, ...more] })
      }
    }
  }

  get names(): readonly string[] {
    return [...this.#services.keys()].sort()
  }

  get(name: string): KnownService | null {
    return this.#services.get(name) ?? null
  }

  set(name: string): NamedSet | null {
    const known = this.#sets.get(name)
    if (known !== undefined) return known
    const service = this.#services.get(name)
    if (service === undefined) return null
    const set = serviceSet(service)
    this.#sets.set(name, set)
    return set
  }
}

function titleOf(vendor: string, name: string): string {
  const parts = name.split(':').slice(1).join(' ')
  return `${VENDORS[vendor]?.title ?? vendor}${parts === '' ? '' : `: ${parts}`}`
}
