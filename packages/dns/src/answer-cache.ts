import { RCODE, TYPE, type Message, type ResourceRecord } from '@sallyport/wire'
import type { Counters } from './counters.ts'
import type { Limits } from './limits.ts'

type Entry = { readonly message: Message; readonly stored: number; readonly seconds: number }

/** Answers as they came, before the policy looks at their addresses: a hit is judged and bound like a new answer. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>()
  readonly #limits: Limits
  readonly #counters: Counters
  readonly #now: () => number

  /** `now` in milliseconds, never going back. */
  constructor(limits: Limits, counters: Counters, now: () => number) {
    this.#limits = limits
    this.#counters = counters
    this.#now = now
  }

  get(key: string): Message | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    const age = Math.floor((this.#now() - entry.stored) / 1000)
    this.#entries.delete(key)
    if (age >= entry.seconds) return null
    // Put back at the end: the first key of the map is the one used longest ago.
    this.#entries.set(key, entry)
    this.#counters.add('cacheHits')
    return aged(entry.message, age)
  }

  put(key: string, message: Message): void {
    const seconds = lifetime(message, this.#limits)
    if (seconds <= 0 || this.#limits.cacheEntries <= 0) return
    this.#entries.delete(key)
    if (this.#entries.size >= this.#limits.cacheEntries) {
      this.#entries.delete(this.#entries.keys().next().value!)
      this.#counters.add('cacheEvictions')
    }
    this.#entries.set(key, { message, stored: this.#now(), seconds })
  }
}

function aged(message: Message, seconds: number): Message {
  const age = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((record) => ({ ...record, ttl: Math.max(0, record.ttl - seconds) }))
  return { ...message, answers: age(message.answers), authorities: age(message.authorities) }
}

function lifetime(message: Message, limits: Limits): number {
  const { rcode, truncated } = message.header
  if (truncated || (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN)) return 0
  const ttls = [...message.answers, ...message.authorities].map((record) => record.ttl)
  const negative = rcode === RCODE.NXDOMAIN || message.answers.every((record) => record.type === TYPE.CNAME)
  if (!negative) return Math.min(limits.cacheSeconds, ...ttls)
  // RFC 2308 §5: without a SOA record a negative answer is not kept.
  const soa = message.authorities.find((record) => record.type === TYPE.SOA)
  if (soa?.data.kind !== 'soa') return 0
  return Math.min(limits.negativeCacheSeconds, soa.data.minimum, ...ttls)
}
