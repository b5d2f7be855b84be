/** What a document of a vendor says of one service, all of it on the same ports; without ports, on any. */
export type VendorService = {
  readonly domains: readonly string[]
  readonly prefixes: readonly string[]
  readonly ports: readonly string[]
}

/** Service → what is said of it. */
export type VendorServices = ReadonlyMap<string, readonly VendorService[]>

type Gathered = {
  readonly domains: Set<string>
  readonly prefixes: Set<string>
  readonly ports: readonly string[]
}

/** Gathers what the entries of a document say, each of any number of services. */
export class ServiceCollector {
  readonly #services = new Map<string, Map<string, Gathered>>()

  add(names: readonly string[], said: Partial<VendorService>): void {
    const ports = [...new Set(said.ports)].sort()
    for (const name of names) {
      const service = this.#services.get(name) ?? new Map<string, Gathered>()
      this.#services.set(name, service)
      const key = ports.join(' ')
      const known = service.get(key) ?? { domains: new Set(), prefixes: new Set(), ports }
      service.set(key, known)
      for (const domain of said.domains ?? []) known.domains.add(domain)
      for (const prefix of said.prefixes ?? []) known.prefixes.add(prefix)
    }
  }

  finish(): VendorServices {
    return new Map(
      [...this.#services].map(([name, service]) => [
        name,
        [...service.values()].map(({ domains, prefixes, ports }) => {
          return { domains: [...domains], prefixes: [...prefixes], ports }
        }),
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
