import type { DomainName } from '@sallyport/net'
import { TYPE } from '@sallyport/wire'
import type { Counters } from './counters.ts'
import { withinDeadline } from './deadline.ts'
import type { Timeouts } from './limits.ts'
import type { ForwarderOptions, NameQuery, NameVerdict } from './options.ts'
import type { ServiceTargets } from './service-targets.ts'

/** `names` are those that the addresses of the answer are for. */
type JudgedQuery = { readonly verdict: NameVerdict; readonly names: readonly DomainName[] }

/** What a client asks for about a host that a service record has led it to. */
const OF_A_TARGET: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.HTTPS, TYPE.SVCB])

/** Asks the policy about the name of a query, and about the names by which the client may have come to it. */
export class QueryJudge {
  readonly #judge: ForwarderOptions['judge']
  readonly #targets: ServiceTargets
  readonly #counters: Counters
  readonly #timeouts: Timeouts

  constructor(judge: ForwarderOptions['judge'], targets: ServiceTargets, counters: Counters, timeouts: Timeouts) {
    this.#judge = judge
    this.#targets = targets
    this.#counters = counters
    this.#timeouts = timeouts
  }

  /** `null` when the policy cannot be asked. */
  async judge(query: NameQuery): Promise<JudgedQuery | null> {
    const verdict = await this.#verdictOf(query)
    if (verdict === null) return null
    const own = verdict.verdict === 'deny' ? [] : [query.name]
    // A rule that denies the target counts whoever leads to it, as with a CNAME.
    if (!OF_A_TARGET.has(query.type) || (own.length === 0 && verdict.rule !== null)) return { verdict, names: own }
    const leading: DomainName[] = []
    let opening: NameVerdict | null = null
    for (const name of this.#targets.namesOf(query.name)) {
      const led = await this.#verdictOf({ ...query, name })
      if (led === null || led.verdict === 'deny') continue
      leading.push(name)
      opening ??= { ...led, explain: `${name} leads to ${query.name}: ${led.explain}` }
    }
    return { verdict: own.length === 0 ? (opening ?? verdict) : verdict, names: [...own, ...leading] }
  }

  async #verdictOf(query: NameQuery): Promise<NameVerdict | null> {
    try {
      return await withinDeadline(this.#timeouts.decisionMs, () => this.#judge(query))
    } catch {
      this.#counters.add('judgeFailures')
      return null
    }
  }
}
