import { once } from 'node:events'
import type { DomainName } from '@sallyport/net'
import type { Counters } from '../counters.ts'
import type { ProxyLimits, ProxyTimeouts } from '../limits.ts'
import type { NameLookUp, ResolveName } from '../options.ts'

const LONGEST_KEPT_SECONDS = 300
const FAILURE_KEPT_SECONDS = 2

type Entry = { readonly answer: NameLookUp; readonly untilMs: number }

/** Addresses of names, kept for their time to live; one name is looked up once at a time. */
export class NameAddresses {
  readonly #resolve: ResolveName
  readonly #limits: ProxyLimits
  readonly #timeouts: ProxyTimeouts
  readonly #counters: Counters
  readonly #kept = new Map<DomainName, Entry>()
  readonly #asking = new Map<DomainName, Promise<NameLookUp>>()

  constructor(resolve: ResolveName, limits: ProxyLimits, timeouts: ProxyTimeouts, counters: Counters) {
    this.#resolve = resolve
    this.#limits = limits
    this.#timeouts = timeouts
    this.#counters = counters
  }

  /** At once where it is kept. */
  lookUp(name: DomainName): NameLookUp | Promise<NameLookUp> {
    const entry = this.#kept.get(name)
    if (entry !== undefined && entry.untilMs > performance.now()) {
      this.#counters.add('resolvedFromCache')
      return entry.answer
    }
    const running = this.#asking.get(name)
    if (running !== undefined) return running
    const asking = this.#ask(name).finally(() => this.#asking.delete(name))
    this.#asking.set(name, asking)
    return asking
  }

  forget(): void {
    this.#kept.clear()
  }

  async #ask(name: DomainName): Promise<NameLookUp> {
    this.#counters.add('resolved')
    const { resolveMs } = this.#timeouts
    const failed = (why: string): NameLookUp => ({ kind: 'failed', explain: `${name}: ${why}` })
    const signal = AbortSignal.timeout(resolveMs)
    // A client waits no longer than that, whatever the resolver makes of the signal.
    const late = once(signal, 'abort').then(() => failed(`no answer within ${resolveMs} ms`))
    const found = this.#resolve(name, signal).catch((error: Error) => failed(error.message))
    const answer = await Promise.race([found, late])
    const bounded: NameLookUp =
      answer.kind === 'addresses'
        ? { ...answer, addresses: answer.addresses.slice(0, this.#limits.addressesPerName) }
        : answer
    const seconds =
      answer.kind === 'addresses' ? Math.min(answer.ttlSeconds, LONGEST_KEPT_SECONDS) : FAILURE_KEPT_SECONDS
    this.#kept.delete(name)
    if (this.#kept.size >= this.#limits.namesKept) this.#kept.delete(this.#kept.keys().next().value!)
    if (seconds > 0) this.#kept.set(name, { answer: bounded, untilMs: performance.now() + seconds * 1000 })
    return bounded
  }
}
