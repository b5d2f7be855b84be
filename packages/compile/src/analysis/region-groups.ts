import type { Flow } from '@sallyport/policy'
import { keyOf, type State } from './region-state.ts'

/** Values that lead on alike. */
export type Group = { readonly state: State; readonly facts: Flow; readonly labels: string[] }

export class RegionGroups {
  readonly #byState = new Map<string, Group>()

  add(state: State, facts: Flow, labels: readonly string[]): void {
    const key = keyOf(state)
    const known = this.#byState.get(key)
    if (known) known.labels.push(...labels)
    else this.#byState.set(key, { state, facts, labels: [...labels] })
  }

  /** What may follow with any protocol need not be looked at with some. */
  all(): readonly Group[] {
    return [...this.#byState.values()].filter(
      ({ state: { nodes, protocols } }) =>
        protocols === 'any' || !this.#byState.has(keyOf({ nodes, protocols: 'any' })),
    )
  }
}
