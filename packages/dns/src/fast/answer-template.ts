import type { Binding } from '../options.ts'
import { ttlOffsets } from './ttl-offsets.ts'

const ID = 2
/** Then the cache is asked again, so that it can ask for the answer before it is over. */
const PART_OF_TTL = 0.9

/** One answer, octet by octet; only its id and its times to live differ from one time to the next. */
export class AnswerTemplate {
  readonly untilMs: number
  /** When its addresses were bound last; never, unless the hot path did it. */
  boundMs: number = -Infinity
  readonly #query: Uint8Array
  readonly #response: Uint8Array
  /** Where the times to live stand in the response. */
  readonly #ttls: readonly number[]
  readonly #bindings: readonly Binding[]
  readonly #learnedMs: number

  private constructor(
    query: Uint8Array,
    response: Uint8Array,
    ttls: readonly number[],
    bindings: readonly Binding[],
    learnedMs: number,
    untilMs: number,
  ) {
    this.untilMs = untilMs
    this.#query = query
    this.#response = response
    this.#ttls = ttls
    this.#bindings = bindings
    this.#learnedMs = learnedMs
  }

  /** `null` for an answer that nobody may keep. */
  static of(
    query: Uint8Array,
    response: Uint8Array,
    bindings: readonly Binding[],
    nowMs: number,
  ): AnswerTemplate | null {
    const found = ttlOffsets(response)
    if (found === null || found.offsets.length === 0) return null
    const untilMs = nowMs + found.leastSeconds * 1000 * PART_OF_TTL
    if (untilMs <= nowMs) return null
    return new AnswerTemplate(query.slice(), response.slice(), found.offsets, bindings, nowMs, untilMs)
  }

  /** Whether the query that takes up the first `length` octets is the one that was answered, but for its id. */
  isFor(bytes: Uint8Array, length: number): boolean {
    const query = this.#query
    if (query.length !== length) return false
    for (let at = ID; at < length; at++) if (bytes[at] !== query[at]) return false
    return true
  }

  get binds(): boolean {
    return this.#bindings.length > 0
  }

  /** As for an answer from the cache, where addresses stay bound for `leastSeconds` in any case; `more` seconds longer. */
  bindings(nowMs: number, leastSeconds: number, more: number): Binding[] {
    const age = this.#age(nowMs)
    return this.#bindings.map(({ name, address, ttlSeconds }) => ({
      name,
      address,
      ttlSeconds: Math.max(leastSeconds, ttlSeconds - age) + more,
    }))
  }

  /** Writes the answer over its query; returns its length. */
  write(bytes: Uint8Array, nowMs: number): number {
    const response = this.#response
    for (let at = ID; at < response.length; at++) bytes[at] = response[at]!
    const age = this.#age(nowMs)
    if (age > 0) for (let at = 0; at < this.#ttls.length; at++) countDown(bytes, this.#ttls[at]!, age)
    return response.length
  }

  #age(nowMs: number): number {
    return Math.floor((nowMs - this.#learnedMs) / 1000)
  }
}

function countDown(bytes: Uint8Array, at: number, seconds: number): void {
  const ttl = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  const left = Math.max(0, ttl - seconds)
  bytes[at] = left >>> 24
  bytes[at + 1] = left >>> 16
  bytes[at + 2] = left >>> 8
  bytes[at + 3] = left
}
