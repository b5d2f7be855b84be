import type { DomainName } from '@sallyport/net'

/** Names that traffic asks for come again and again; two generations of these are kept. */
const NAMES_A_GENERATION = 16_384

/** A look-up of names that remembers the latest, whatever of 16,384 to 32,768 there were. */
export class RecentNames {
  readonly #find: (name: DomainName) => number
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  constructor(find: (name: DomainName) => number) {
    this.#find = find
  }

  find(name: DomainName): number {
    return this.#young.get(name) ?? this.#remember(name)
  }

  #remember(name: DomainName): number {
    const found = this.#old.get(name) ?? this.#find(name)
    if (this.#young.size === NAMES_A_GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(name, found)
    return found
  }
}
