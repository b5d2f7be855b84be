import { carriesCookie } from './carries-cookie.ts'
import { ttlOffsets } from './ttl-offsets.ts'

type Template = {
  readonly query: Uint8Array
  readonly response: Uint8Array
  /** Where the times to live stand in the response. */
  readonly ttls: readonly number[]
  readonly learnedMs: number
  readonly untilMs: number
}

const ID = 2
const HEADER = 12
const MOST_TEMPLATES = 16_384
/** More than that is rare, and an answer must fit the memory of a query. */
const LONGEST = 1232
/** Then the cache is asked again, so that it can ask for the answer before it is over. */
const PART_OF_TTL = 0.9

/**
 * Answers as the slow path wrote them, octet by octet, for the same question asked in the same way and spelling; only id and
 * times to live differ. Not for answers whose addresses have to be bound.
 */
export class AnswerTemplates {
  readonly #templates = new Map<number, Template>()

  clear(): void {
    this.#templates.clear()
  }

  /** Writes the answer over the query that takes up the first `length` octets; its length, or 0 when it is not known. */
  answer(bytes: Uint8Array, length: number, nowMs: number): number {
    if (this.#templates.size === 0) return 0
    const hash = hashOf(bytes, length)
    const template = this.#templates.get(hash)
    if (template === undefined || template.query.length !== length) return 0
    if (nowMs >= template.untilMs) {
      this.#templates.delete(hash)
      return 0
    }
    const { query, response, ttls, learnedMs } = template
    for (let at = ID; at < length; at++) if (bytes[at] !== query[at]) return 0
    for (let at = ID; at < response.length; at++) bytes[at] = response[at]!
    const age = Math.floor((nowMs - learnedMs) / 1000)
    if (age > 0) for (let at = 0; at < ttls.length; at++) countDown(bytes, ttls[at]!, age)
    return response.length
  }

  /** `response` is what the slow path answered to `query`, and would answer anyone who asks so. */
  learn(query: Uint8Array, response: Uint8Array, nowMs: number): void {
    if (response.length > LONGEST || query.length < HEADER || carriesCookie(query)) return
    const found = ttlOffsets(response)
    if (found === null || found.offsets.length === 0) return
    const untilMs = nowMs + found.leastSeconds * 1000 * PART_OF_TTL
    if (untilMs <= nowMs) return
    if (this.#templates.size >= MOST_TEMPLATES) this.#templates.delete(this.#templates.keys().next().value!)
    this.#templates.set(hashOf(query, query.length), {
      query: query.slice(),
      response: response.slice(),
      ttls: found.offsets,
      learnedMs: nowMs,
      untilMs,
    })
  }
}

function hashOf(bytes: Uint8Array, length: number): number {
  let hash = length | 0
  for (let at = ID; at < length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash
}

function countDown(bytes: Uint8Array, at: number, seconds: number): void {
  const ttl = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  const left = Math.max(0, ttl - seconds)
  bytes[at] = left >>> 24
  bytes[at + 1] = left >>> 16
  bytes[at + 2] = left >>> 8
  bytes[at + 3] = left
}
