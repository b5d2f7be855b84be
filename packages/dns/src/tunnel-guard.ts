import { TunnelWatch, type TunnelSign } from '@sallyport/detect'
import type { Counters } from './counters.ts'
import type { AnswerSettings, ForwarderOptions, NameQuery } from './options.ts'

/** Watches the names that go on to other servers for tunnels, and tells of each once. */
export class TunnelGuard {
  readonly #watch = new TunnelWatch()
  readonly #counters: Counters
  readonly #onTunnel: ForwarderOptions['onTunnel']
  readonly #now: () => number

  /** `now` in milliseconds, never going back. */
  constructor(counters: Counters, onTunnel: ForwarderOptions['onTunnel'], now: () => number) {
    this.#counters = counters
    this.#onTunnel = onTunnel
    this.#now = now
  }

  look({ name, type, client }: NameQuery, { tunnels, mayCarryData }: AnswerSettings): TunnelSign | null {
    if (tunnels === 'ignore' || mayCarryData(name)) return null
    const before = this.#watch.forgotten
    const sign = this.#watch.look({ client: client.address, name, type }, this.#now())
    if (this.#watch.forgotten > before) this.#counters.add('tunnelZonesForgotten')
    if (sign === null) return null
    this.#counters.add(tunnels === 'refuse' ? 'tunnelQueriesRefused' : 'tunnelQueriesFlagged')
    if (sign.isFirst) this.#tell(sign)
    return sign
  }

  #tell(sign: TunnelSign): void {
    this.#counters.add('tunnelsTold')
    try {
      this.#onTunnel?.(sign)
    } catch {
      this.#counters.add('observerFailures')
    }
  }
}
