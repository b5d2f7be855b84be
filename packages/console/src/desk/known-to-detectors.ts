import { categorySet } from '@sallyport/catalog'
import { alertingRules, NOTHING_KNOWN, type Known, type Past } from '@sallyport/detect'
import { parsePolicies } from '@sallyport/policy'
import type { FlowStore, StateStore } from '@sallyport/store'

const DAY_MS = 86_400_000
const PAST_MS = 30 * DAY_MS
/** A look at the past reads every flow of it: it may take a sixtieth of the time. */
const PAST_SHARE = 1 / 60
const PAST_EVERY_MS = 300_000

/** What detectors need beside the newest flows, read again only when it may have changed. */
export class KnownToDetectors {
  readonly #store: FlowStore
  readonly #state: StateStore
  #past: Past | null = null
  #pastDueMs = Number.NEGATIVE_INFINITY
  readonly #monotonicMs: () => number
  #version: number | null = null
  #rules: Pick<Known, 'ruleAlerts' | 'feedRules'> = NOTHING_KNOWN

  constructor(store: FlowStore, state: StateStore, monotonicMs: () => number) {
    this.#store = store
    this.#state = state
    this.#monotonicMs = monotonicMs
  }

  async at(nowMs: number): Promise<Known> {
    const begunMs = this.#monotonicMs()
    if (begunMs >= this.#pastDueMs || nowMs < (this.#past?.nowMs ?? nowMs)) {
      this.#past = await this.#store.past(nowMs - PAST_MS, nowMs)
      const endedMs = this.#monotonicMs()
      this.#pastDueMs = endedMs + Math.max(PAST_EVERY_MS, (endedMs - begunMs) / PAST_SHARE)
    }
    await this.#readPolicy()
    return { ...this.#rules, past: this.#past, category: categorySet }
  }

  async #readPolicy(): Promise<void> {
    const { version } = await this.#state.policies.inForce()
    if (version === this.#version) return
    const files = version === null ? [] : ((await this.#state.policies.get(version))?.files ?? [])
    this.#version = version
    const read = files.length === 0 ? null : parsePolicies(files)
    const rules = read !== null && read.ok ? read.value.layers.flatMap((layer) => layer.rules) : []
    this.#rules = alertingRules(rules)
  }
}
