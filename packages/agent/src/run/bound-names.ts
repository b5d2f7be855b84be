import { formatAddress, type Address, type DomainName } from '@sallyport/net'

export type BoundName = { readonly name: DomainName; readonly expiresMs: number }

type BoundAddress = { readonly address: Address; names: BoundName[] }

const MOST_ADDRESSES = 262_144
/** One address serves many names at a large host; the kernel holds fewer. */
const MOST_NAMES_OF_AN_ADDRESS = 256

/** Names for which the resolver gave an address: what the kernel holds as classes, kept as names for the records. */
export class BoundNames {
  readonly #bound = new Map<string, BoundAddress>()
  readonly #maxAddresses: number

  constructor(maxAddresses: number = MOST_ADDRESSES) {
    this.#maxAddresses = maxAddresses
  }

  bind(address: Address, name: DomainName, ttlSeconds: number, nowMs: number): void {
    const key = formatAddress(address)
    const { names } = this.#bound.get(key) ?? { names: [] }
    const earlier = names.find((bound) => bound.name === name)?.expiresMs ?? 0
    // Last asked for comes last, of names and of addresses.
    const others = names.filter((bound) => bound.name !== name).slice(1 - MOST_NAMES_OF_AN_ADDRESS)
    this.#bound.delete(key)
    this.#bound.set(key, {
      address,
      names: [...others, { name, expiresMs: Math.max(earlier, nowMs + ttlSeconds * 1000) }],
    })
    if (this.#bound.size > this.#maxAddresses) this.#bound.delete(this.#bound.keys().next().value!)
  }

  /** The name that was asked for last comes first. */
  namesOf(address: Address, nowMs: number): readonly DomainName[] {
    const { names } = this.#bound.get(formatAddress(address)) ?? { names: [] }
    return live(names, nowMs)
      .map(({ name }) => name)
      .toReversed()
  }

  /** Everything that still holds, for a policy that replaces another. */
  *entries(nowMs: number): Generator<{ readonly address: Address; readonly names: readonly BoundName[] }> {
    for (const { address, names } of this.#bound.values()) {
      const held = live(names, nowMs)
      if (held.length > 0) yield { address, names: held }
    }
  }
}

function live(names: readonly BoundName[], nowMs: number): readonly BoundName[] {
  return names.filter(({ expiresMs }) => expiresMs > nowMs)
}
