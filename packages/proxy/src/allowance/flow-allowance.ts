import type { AnswerReason, Refusal } from '../answers.ts'
import type { Judged, LimitedRule } from '../decide/proxy-judge.ts'
import type { OpenRecord } from '../log/open-record.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { LIMIT_COUNTERS, type LimitCounter, type Spend } from './shared-budgets.ts'

type Asked = Refusal | null | Promise<Refusal | null>

const REASONS: Readonly<Record<LimitCounter, AnswerReason>> = {
  bytesOut: 'limit-bytes-out',
  bytesIn: 'limit-bytes-in',
  connections: 'limit-connections',
}

/** What one flow uses of the limits of its rule. Nothing goes on before there was room for it. */
export class FlowAllowance {
  /** The limit that was run into. */
  refusal: Refusal | null = null
  readonly #spend: Spend
  readonly #rule: LimitedRule
  readonly #isMonitored: boolean

  /** `isMonitored`: a limit holds nothing back. */
  constructor(spend: Spend, rule: LimitedRule, isMonitored: boolean) {
    this.#spend = spend
    this.#rule = rule
    this.#isMonitored = isMonitored
  }

  /** Whether a flow could begin; nothing is used. */
  async hasRoom(): Promise<Refusal | null> {
    for (const counter of LIMIT_COUNTERS) {
      const no = await this.#ask(counter, 0)
      if (no !== null) return no
    }
    return null
  }

  /** The flow begins, with so many octets that are there already. */
  async begin(out: number, into: number): Promise<Refusal | null> {
    return (await this.hasRoom()) ?? (await this.#ask('connections', 1)) ?? (await this.out(out)) ?? this.in(into)
  }

  out(octets: number): Asked {
    return octets === 0 ? null : this.#ask('bytesOut', octets)
  }

  in(octets: number): Asked {
    return octets === 0 ? null : this.#ask('bytesIn', octets)
  }

  #ask(counter: LimitCounter, cost: number): Asked {
    const limit = this.#rule.limit[counter]
    if (this.refusal !== null) return this.#isMonitored ? null : this.refusal
    if (limit === undefined) return null
    const { id, layer } = this.#rule
    const fits = this.#spend({ owner: JSON.stringify([layer, id]), counter, ...limit, cost })
    return typeof fits === 'boolean' ? this.#answer(counter, fits) : fits.then((does) => this.#answer(counter, does))
  }

  #answer(counter: LimitCounter, fits: boolean): Refusal | null {
    if (fits) return null
    const { id, layer, limit } = this.#rule
    const { amount, perSeconds } = limit[counter]!
    const of = { bytesOut: 'octets out', bytesIn: 'octets in', connections: 'connections' }[counter]
    const span = perSeconds === null ? 'in all' : `in ${perSeconds} s`
    const explain = `rule ${id} lets ${amount} ${of} ${span}, and they are used up`
    this.refusal = { reason: REASONS[counter], rule: id, layer, explain, isSilent: false }
    return this.#isMonitored ? null : this.refusal
  }
}

/** Null where the rule that allows has no limit. The record of the flow has it from then on. */
export function allowanceFor(core: ProxyCore, judged: Judged, record: OpenRecord): FlowAllowance | null {
  const rule = core.judge.limitedRule(judged)
  if (rule === null) return null
  const isMonitored = judged.verdict?.mode === 'monitor'
  return (record.allowance = new FlowAllowance(core.spend, rule, isMonitored))
}
