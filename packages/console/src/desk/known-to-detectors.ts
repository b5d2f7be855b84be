import { categorySet } from '@sallyport/catalog'
import { NOTHING_KNOWN, type Known, type Past } from '@sallyport/detect'
import { parsePolicies } from '@sallyport/policy'
import type { FlowStore, StateStore } from '@sallyport/store'
import { alertingRules } from './alerting-rules.ts'

const DAY_MS = 86_400_000
const PAST_MS = 30 * DAY_MS
/** A look at the past reads every flow of it. */
const PAST_EVERY_MS = 3_600_000

/** What detectors need beside the newest flows, read again only when it may have changed. */
export class KnownToDetectors {
  readonly #store: FlowStore
  readonly #state: StateStore
  #past: Past | null = null
  #pastMs = Number.NEGATIVE_INFINITY
  #version: number | null = null
  #rules: Pick<Known, 'ruleAlerts' | 'feedRules'> = NOTHING_KNOWN

  constructor(store: FlowStore, state: StateStore) {
    this.#store = store
    this.#state = state
  }

  async at(nowMs: number): Promise<Known> {
    if (nowMs - this.#pastMs >= PAST_EVERY_MS || nowMs < this.#pastMs) {
      this.#past = await this.#store.past(nowMs - PAST_MS, nowMs)
      this.#pastMs = nowMs
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
