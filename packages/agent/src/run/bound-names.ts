import { bootMs } from '@sallyport/kernel'
import { formatAddress, type Address, type DomainName } from '@sallyport/net'

/** On the clock of the kernel's bindings. */
type BoundName = { readonly name: DomainName; readonly expiresMs: number }

/** A name, and how long it still holds. */
type HeldName = { readonly name: DomainName; readonly ttlSeconds: number }

type BoundAddress = { readonly address: Address; names: BoundName[] }

const MOST_ADDRESSES = 262_144
/** One address serves many names at a large host; the kernel holds fewer. */
const MOST_NAMES_OF_AN_ADDRESS = 256

/** Names for which the resolver gave an address: what the kernel holds as classes, kept as names for the records. */
export class BoundNames {
  readonly #bound = new Map<string, BoundAddress>()
  readonly #nowMs: () => number

  /** `nowMs`: the clock by which names end, the kernel's unless given: whoever sets the time of day prolongs nothing. */
  constructor(nowMs: () => number = bootMs) {
    this.#nowMs = nowMs
  }

  bind(address: Address, name: DomainName, ttlSeconds: number): void {
    const key = formatAddress(address)
    const { names } = this.#bound.get(key) ?? { names: [] }
    const earlier = names.find((bound) => bound.name === name)?.expiresMs ?? 0
    // Last asked for comes last, of names and of addresses.
    const others = names.filter((bound) => bound.name !== name).slice(1 - MOST_NAMES_OF_AN_ADDRESS)
    this.#bound.delete(key)
    this.#bound.set(key, {
      address,
      names: [...others, { name, expiresMs: Math.max(earlier, this.#nowMs() + ttlSeconds * 1000) }],
    })
    if (this.#bound.size > MOST_ADDRESSES) this.#bound.delete(this.#bound.keys().next().value!)
  }

  /** As they were at a time of that clock. The name that was asked for last comes first. */
  namesOf(address: Address, atMs: number = this.#nowMs()): readonly DomainName[] {
    const { names } = this.#bound.get(formatAddress(address)) ?? { names: [] }
    return live(names, atMs)
      .map(({ name }) => name)
      .toReversed()
  }

  /** Everything that still holds, for a policy that replaces another. */
  *entries(): Generator<{ readonly address: Address; readonly names: readonly HeldName[] }> {
    const nowMs = this.#nowMs()
    for (const { address, names } of this.#bound.values()) {
      const held = live(names, nowMs)
      if (held.length === 0) continue
      yield { address, names: held.map(({ name, expiresMs }) => ({ name, ttlSeconds: (expiresMs - nowMs) / 1000 })) }
    }
  }
}

function live(names: readonly BoundName[], nowMs: number): readonly BoundName[] {
  return names.filter(({ expiresMs }) => expiresMs > nowMs)
}
