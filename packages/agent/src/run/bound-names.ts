import { formatAddress, type Address, type DomainName } from '@sallyport/net'

export type BoundName = { readonly name: DomainName; readonly expiresMs: number }

/** Names for which the resolver gave an address: what the kernel holds as classes, kept as names for the records. */
export class BoundNames {
  readonly #namesOf = new Map<string, Map<DomainName, number>>()
  readonly #addressOf = new Map<string, Address>()
  readonly #maxAddresses: number

  constructor(maxAddresses = 262_144) {
    this.#maxAddresses = maxAddresses
  }

  bind(address: Address, name: DomainName, ttlSeconds: number, nowMs: number): void {
    const key = formatAddress(address)
    const names = this.#namesOf.get(key) ?? new Map<DomainName, number>()
    const earlier = names.get(name) ?? 0
    // Last asked for comes last, of names and of addresses.
    names.delete(name)
    names.set(name, Math.max(earlier, nowMs + ttlSeconds * 1000))
    this.#namesOf.delete(key)
    this.#namesOf.set(key, names)
    this.#addressOf.set(key, address)
    if (this.#namesOf.size > this.#maxAddresses) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const [oldest] = this.#namesOf.keys()
    if (oldest === undefined) return
    this.#namesOf.delete(oldest)
    this.#addressOf.delete(oldest)
  }

  /** The name that was asked for last comes first. */
  namesOf(address: Address, nowMs: number): readonly DomainName[] {
    const names = this.#namesOf.get(formatAddress(address)) ?? new Map<DomainName, number>()
    return [...names]
      .filter(([, expiresMs]) => expiresMs > nowMs)
      .map(([name]) => name)
      .toReversed()
  }

  /** Everything that still holds, for a policy that replaces another. */
  *entries(nowMs: number): Generator<{ readonly address: Address; readonly names: readonly BoundName[] }> {
    for (const [key, names] of this.#namesOf) {
      const live = [...names].filter(([, expiresMs]) => expiresMs > nowMs)
      const address = this.#addressOf.get(key)
      if (address && live.length > 0) yield { address, names: live.map(([name, expiresMs]) => ({ name, expiresMs })) }
    }
  }
}
