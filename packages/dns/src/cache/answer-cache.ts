import { RCODE, TYPE, type Message, type ResourceRecord } from '@sallyport/wire'
import type { Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'

type Entry = {
  readonly message: Message
  readonly storedMs: number
  readonly seconds: number
  readonly records: number
  hits: number
  /** Since then nobody can be reached who knows better (RFC 8767 §5). */
  failedMs: number | null
}

type Cached = {
  readonly message: Message
  readonly state: 'fresh' | 'stale'
  /** Fresh, asked for again and again, and soon over: worth asking for before. */
  readonly ending: boolean
  /** Stale, and the last try to have it anew failed a moment ago. */
  readonly failedLately: boolean
}

/** RFC 8767 §4: what a client may keep of an answer that is over. */
const STALE_TTL = 30
/** RFC 8767 §5: after a failure, servers have so long before they are asked for the same again. */
const RETRY_MS = 30_000
/** The last tenth of its time. */
const ENDING = 0.1

/** Answers as they came, before the policy looks at their addresses: a hit is judged and bound like a new answer. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>()
  readonly #limits: Limits
  readonly #counters: Counters
  readonly #now: () => number
  #records = 0

  /** `now` in milliseconds, never going back. */
  constructor(limits: Limits, counters: Counters, now: () => number) {
    this.#limits = limits
    this.#counters = counters
    this.#now = now
  }

  get(key: string): Cached | null {
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    const ageMs = this.#now() - entry.storedMs
    const age = Math.floor(ageMs / 1000)
    const left = entry.seconds - age
    this.#drop(key)
    if (left + this.#limits.staleSeconds <= 0) return null
    // Put back at the end: the first key of the map is the one used longest ago.
    this.#keep(key, entry)
    entry.hits++
    if (left <= 0) {
      const failedLately = entry.failedMs !== null && this.#now() - entry.failedMs < RETRY_MS
      return { message: withTtl(entry.message, () => STALE_TTL), state: 'stale', ending: false, failedLately }
    }
    const ending = entry.hits > 1 && ageMs > entry.seconds * 1000 * (1 - ENDING)
    const message = withTtl(entry.message, (ttl) => Math.max(0, ttl - age))
    return { message, state: 'fresh', ending, failedLately: false }
  }

  /** Nobody could be reached to have the answer anew. */
  failed(key: string): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) entry.failedMs = this.#now()
  }

  put(key: string, message: Message): void {
    const seconds = lifetime(message, this.#limits)
    const records = message.answers.length + message.authorities.length + 1
    if (seconds <= 0 || this.#limits.cacheEntries <= 0 || records > this.#limits.cacheRecords) return
    this.#drop(key)
    while (this.#entries.size >= this.#limits.cacheEntries || this.#records + records > this.#limits.cacheRecords) {
      this.#drop(this.#entries.keys().next().value!)
      this.#counters.add('cacheEvictions')
    }
    this.#keep(key, { message, storedMs: this.#now(), seconds, records, hits: 0, failedMs: null })
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.set(key, entry)
    this.#records += entry.records
  }

  #drop(key: string): void {
    this.#records -= this.#entries.get(key)?.records ?? 0
    this.#entries.delete(key)
  }
}

function withTtl(message: Message, ttlOf: (ttl: number) => number): Message {
  const change = (records: readonly ResourceRecord[]): ResourceRecord[] =>
    records.map((record) => ({ ...record, ttl: ttlOf(record.ttl) }))
  return { ...message, answers: change(message.answers), authorities: change(message.authorities) }
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
