import { AnswerTemplate } from './answer-template.ts'
import { carriesCookie } from './carries-cookie.ts'
import type { Binding } from '../options.ts'

const ID = 2
const HEADER = 12
const MOST_TEMPLATES = 16_384
/** More than that is rare, and an answer must fit the memory of a query. */
const LONGEST = 1232

/** Answers as the slow path wrote them, for the same question asked in the same way and spelling; only ids differ. */
export class AnswerTemplates {
  readonly #templates = new Map<number, AnswerTemplate>()

  clear(): void {
    this.#templates.clear()
  }

  /** The answer to the query that takes up the first `length` octets; `null` when it is not known. */
  find(bytes: Uint8Array, length: number, nowMs: number): AnswerTemplate | null {
    if (this.#templates.size === 0) return null
    const hash = hashOf(bytes, length)
    const template = this.#templates.get(hash)
    if (template === undefined || !template.isFor(bytes, length)) return null
    if (nowMs < template.untilMs) return template
    this.#templates.delete(hash)
    return null
  }

  /** `response` is what the slow path answered to `query`, and would answer anyone who asks so; it has bound `bound`. */
  learn(query: Uint8Array, response: Uint8Array, bound: readonly Binding[], nowMs: number): void {
    if (response.length > LONGEST || query.length < HEADER || carriesCookie(query)) return
    const template = AnswerTemplate.of(query, response, bound, nowMs)
    if (template === null) return
    if (this.#templates.size >= MOST_TEMPLATES) this.#templates.delete(this.#templates.keys().next().value!)
    this.#templates.set(hashOf(query, query.length), template)
  }
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = length | 0
  for (let at = ID; at < length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash
}
