import { watchNetfilter } from './watch-netfilter.ts'

const RETRY_MS = 1000

export type OwnRules = {
  /** Of the table or chain that all of them name. */
  readonly name: string
  /** Puts all of them in the place of what is left of them. Throws when netfilter takes none. */
  readonly install: () => void
  /** What there is of them, with what tells one installation from another, and without what they count. */
  readonly text: () => string
  readonly remove: () => void
  /** They are back, or why they are not: then it is tried again every second. */
  readonly onRestored?: (problem: unknown) => void
}

/**
 * Rules in netfilter that are put back whenever somebody else changed or removed them: a restart of the machine's own firewall
 * flushes all tables, whoever's they are. Nothing is installed before the first call of `install`.
 */
export class KeptRules implements Disposable {
  readonly #rules: OwnRules
  readonly #watch: Disposable
  #text: string | null = null
  #retry: NodeJS.Timeout | undefined
  /** How often they were put back. */
  restored = 0

  constructor(rules: OwnRules) {
    this.#rules = rules
    this.#watch = watchNetfilter(rules.name, () => this.#look())
  }

  static installed(rules: OwnRules): KeptRules {
    const kept = new KeptRules(rules)
    try {
      kept.install()
      return kept
    } catch (error) {
      kept[Symbol.dispose]()
      throw error
    }
  }

  install(): void {
    this.#rules.install()
    this.#text = this.#rules.text()
  }

  /** Puts in what `install` now says, as soon as netfilter takes it; nothing where nothing is kept any more. */
  renew(): void {
    if (this.#text !== null) this.#put(() => undefined)
  }

  /** They stay as they are, and nobody looks after them. */
  leave(): void {
    clearTimeout(this.#retry)
    this.#text = null
    this.#watch[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.leave()
    this.#rules.remove()
  }

  #look(): void {
    if (this.#text !== null && this.#rules.text() !== this.#text) this.#restore()
  }

  #restore(): void {
    this.#put((problem) => {
      if (problem === null) this.restored++
      this.#rules.onRestored?.(problem)
    })
  }

  #put(onDone: (problem: unknown) => void): void {
    clearTimeout(this.#retry)
    try {
      this.install()
      onDone(null)
    } catch (problem) {
      onDone(problem)
      this.#retry = setTimeout(() => this.#put(onDone), RETRY_MS).unref()
    }
  }
}
