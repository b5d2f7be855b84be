import type { InspectedRules } from './policy-of-tables.ts'

const KEPT = 8

/** What the last generations of the kernel's tables were made from: a flow is judged by the rules under which it was held. */
export class InspectedGenerations {
  readonly #rules = new Map<number, InspectedRules>()
  readonly #onAwaited: () => void
  #hasAwaited = false

  /** `onAwaited`: once, before the first rules by which a flow may have to wait for its handshake. */
  constructor(onAwaited: () => void = () => {}) {
    this.#onAwaited = onAwaited
  }

  /** Whether the first such rules are still to come. */
  get isIdle(): boolean {
    return !this.#hasAwaited
  }

  keep(generation: number, { rules, resume, limits }: InspectedRules): void {
    if (resume.size > 0 && !this.#hasAwaited) {
      this.#onAwaited()
      this.#hasAwaited = true
    }
    this.#rules.delete(generation)
    this.#rules.set(generation, { rules, resume, limits })
    const [oldest] = this.#rules.keys()
    if (this.#rules.size > KEPT && oldest !== undefined) this.#rules.delete(oldest)
  }

  get(generation: number): InspectedRules | null {
    return this.#rules.get(generation) ?? null
  }
}
