import { isIpv4, type Address } from '@sallyport/net'

const MOST_CLIENTS = 10_000

/** `placedMs`: when it became the newest of all. */
type Bucket = { tokens: number; atMs: number; placedMs: number }

/** The order in which clients are forgotten is no finer: one that asks often keeps its place. */
const PLACE_MS = 1000

/** How many requests a client may make: a bucket for each address that fills while it is silent. */
export class RequestRates {
  readonly #perSecond: number
  readonly #buckets = new Map<ClientKey, Bucket>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whether one more request is within the rate. An IPv6 client is its /64, which one host can use as a whole. */
  take(address: Address | null, nowMs: number): boolean {
    const key = clientKey(address)
    const known = this.#buckets.get(key)
    const bucket = known ?? { tokens: this.#perSecond, atMs: nowMs, placedMs: nowMs }
    bucket.tokens = Math.min(this.#perSecond, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.#perSecond)
    bucket.atMs = nowMs
    if (known === undefined || nowMs - bucket.placedMs >= PLACE_MS) this.#place(key, bucket, nowMs)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  #place(key: ClientKey, bucket: Bucket, nowMs: number): void {
    bucket.placedMs = nowMs
    this.#buckets.delete(key)
    if (this.#buckets.size >= MOST_CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value!)
    this.#buckets.set(key, bucket)
  }
}

export type ClientKey = number | string

/** Whom clients are told apart as. */
export function clientKey(address: Address | null): ClientKey {
  if (address === null) return ''
  const { words } = address
  return isIpv4(address) ? words[3] : `${words[0]} ${words[1]}`
}
