/** What a document of a vendor says of one service. */
export type VendorService = {
  readonly domains: readonly string[]
  readonly prefixes: readonly string[]
  readonly ports: readonly string[]
}

/** Service → what is said of it. */
export type VendorServices = ReadonlyMap<string, VendorService>

/** Gathers what the entries of a document say, each of any number of services. */
export class ServiceCollector {
  readonly #services = new Map<string, { domains: Set<string>; prefixes: Set<string>; ports: Set<string> }>()

  add(names: readonly string[], said: Partial<VendorService>): void {
    for (const name of names) {
      const known = this.#services.get(name) ?? { domains: new Set(), prefixes: new Set(), ports: new Set() }
      this.#services.set(name, known)
      for (const domain of said.domains ?? []) known.domains.add(domain)
      for (const prefix of said.prefixes ?? []) known.prefixes.add(prefix)
      for (const port of said.ports ?? []) known.ports.add(port)
    }
  }

  finish(): VendorServices {
    return new Map(
      [...this.#services].map(([name, { domains, prefixes, ports }]) => [
        name,
        { domains: [...domains], prefixes: [...prefixes], ports: [...ports] },
      ]),
    )
  }
}

/** A word of a vendor as a part of a service's name. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64)
}
