import { DEFAULT_SETTINGS, type Binding, type ForwarderOptions } from '../options.ts'
import type { AnswerTemplate } from './answer-template.ts'

/**
 * A refreshed binding lasts so much longer, and does for answers of that time. Then it is bound anew however long it would
 * hold: the machine may have slept, or other names may have taken its place.
 */
const DOES_FOR_SECONDS = 1

/** Addresses of answers that the hot path is about to send, bound in one go for all answers of a batch. */
export class BindingRefresh {
  readonly #bind: ForwarderOptions['bind']
  readonly #settings: ForwarderOptions['settings']
  readonly #due: AnswerTemplate[] = []

  constructor({ bind, settings }: Pick<ForwarderOptions, 'bind' | 'settings'>) {
    this.#bind = bind
    this.#settings = settings
  }

  /** Notes what is not bound lately. */
  add(template: AnswerTemplate, nowMs: number): void {
    if (this.isBound(template, nowMs)) return
    template.boundMs = nowMs
    this.#due.push(template)
  }

  /** Afterwards `isBound` says of each template whether its answer may leave. */
  flush(nowMs: number): void {
    if (this.#due.length === 0) return
    try {
      this.#bind?.(this.#bindings(nowMs))
    } catch {
      for (const template of this.#due) template.boundMs = -Infinity
    }
    this.#due.length = 0
  }

  isBound(template: AnswerTemplate, nowMs: number): boolean {
    return this.#bind === undefined || !template.binds || nowMs - template.boundMs < DOES_FOR_SECONDS * 1000
  }

  #bindings(nowMs: number): Binding[] {
    const { addressFloorSeconds, addressGraceSeconds } = this.#settings?.() ?? DEFAULT_SETTINGS
    const leastSeconds = addressFloorSeconds + addressGraceSeconds
    return this.#due.flatMap((template) => template.bindings(nowMs, leastSeconds, DOES_FOR_SECONDS))
  }
}
