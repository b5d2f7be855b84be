import { addressBytes, isIpv4, parseAddress, prefixContains, type Address, type Prefix } from '@sallyport/net'

export type Admission = 'admitted' | 'not-a-client' | 'too-fast'

/** Queries a second that one client may keep up, and how many at once. */
export type ClientRate = { readonly perSecond: number; readonly burst: number }

type Bucket = { tokens: number; atMs: number }

/** Those used longest ago are forgotten, and begin anew with a full bucket. */
const MOST_CLIENTS = 65_536
/** One customer's network: who has it has all its addresses. */
const IPV6_OCTETS = 7

/** Who may ask, and how often. */
export class ClientGate {
  #clients: readonly Prefix[] | null
  #rate: ClientRate | null
  readonly #buckets = new Map<string, Bucket>()
  readonly #known = new Map<number, Admission>()
  readonly #now: () => number

  /** `null` for everyone, and for no bound. `now` in milliseconds, never going back. */
  constructor(clients: readonly Prefix[] | null, rate: ClientRate | null, now: () => number) {
    this.#clients = clients
    this.#rate = rate
    this.#now = now
  }

  /** For queries from now on; what a client has used up stays so. */
  change(clients: readonly Prefix[] | null, rate: ClientRate | null): void {
    this.#clients = clients
    this.#rate = rate
    this.#known.clear()
  }

  /** Whether there is nothing to ask. */
  get isOpen(): boolean {
    return this.#clients === null && this.#rate === null
  }

  /** `admit` for a socket address of IPv4 whose octets are `key`; `address` is asked for its text only when it is new. */
  admitIpv4(key: number, address: () => string): Admission {
    if (this.#rate !== null) return this.admit(address())
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const admission = this.admit(address())
    if (this.#known.size >= MOST_CLIENTS) this.#known.clear()
    this.#known.set(key, admission)
    return admission
  }

  admit(text: string): Admission {
    if (this.isOpen) return 'admitted'
    const address = parseAddress(text.replace(/%.*$/, ''))
    if (address === null) return 'not-a-client'
    if (this.#clients?.some((prefix) => prefixContains(prefix, address)) === false) return 'not-a-client'
    return this.#rate === null || this.#takeToken(networkOf(address), this.#rate) ? 'admitted' : 'too-fast'
  }

  #takeToken(network: string, { perSecond, burst }: ClientRate): boolean {
    const now = this.#now()
    const bucket = this.#buckets.get(network) ?? { tokens: burst, atMs: now }
    this.#buckets.delete(network)
    if (this.#buckets.size >= MOST_CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value!)
    this.#buckets.set(network, bucket)
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1000)
    bucket.atMs = now
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
}

function networkOf(address: Address): string {
  const octets = addressBytes(address)
  return (isIpv4(address) ? octets.slice(12) : octets.slice(0, IPV6_OCTETS)).join('.')
}
