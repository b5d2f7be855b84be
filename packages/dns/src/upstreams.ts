import { RCODE, type Message } from '@sallyport/wire'
import type { Counters } from './counters.ts'
import type { Timeouts } from './limits.ts'
import type { Endpoint } from './options.ts'
import type { Ask } from './outgoing-query.ts'
import { Upstream } from './upstream.ts'

export type Resolution =
  | { readonly kind: 'answer'; readonly message: Message; readonly upstream: Endpoint }
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'network' }

/** Two rounds over all servers, begun with the one that answered last. */
const ROUNDS = 2

export class Upstreams {
  readonly #upstreams: readonly Upstream[]
  readonly #timeouts: Timeouts
  #preferred = 0

  constructor(endpoints: readonly Endpoint[], timeouts: Timeouts, counters: Counters) {
    this.#upstreams = endpoints.map((endpoint) => new Upstream(endpoint, counters))
    this.#timeouts = timeouts
  }

  async resolve(ask: Ask, signal: AbortSignal): Promise<Resolution> {
    const deadline = performance.now() + this.#timeouts.totalMs
    const count = this.#upstreams.length
    const first = this.#preferred
    let unhelpful: Resolution = { kind: 'failed', reason: 'network' }
    for (let attempt = 0; attempt < count * ROUNDS && !signal.aborted; attempt++) {
      const left = deadline - performance.now()
      if (left <= 0) break
      const index = (first + attempt) % count
      const upstream = this.#upstreams[index]!
      // UDP and TCP may follow each other within one attempt; the deadline holds for both.
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(left))])
      const result = await upstream.ask(ask, Math.min(this.#timeouts.attemptMs, left), limit)
      if (result.kind !== 'answer') {
        if (unhelpful.kind === 'failed' && result.kind === 'failed') unhelpful = result
        continue
      }
      const resolution: Resolution = { kind: 'answer', message: result.message, upstream: upstream.endpoint }
      if (settles(result.message)) {
        this.#preferred = index
        return resolution
      }
      unhelpful = resolution
      if (attempt >= count - 1) break
    }
    return unhelpful
  }
}

/** SERVFAIL, REFUSED and the like are one server's state; another one may know more. */
function settles(message: Message): boolean {
  return message.header.rcode === RCODE.NOERROR || message.header.rcode === RCODE.NXDOMAIN
}
